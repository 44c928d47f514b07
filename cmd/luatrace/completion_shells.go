package main

// The shells' parts of completion ask "luatrace __complete WORD...", whose last
// word is the one that is being typed, and get candidates, one a line, perhaps with a
// tab and a description behind. A line that begins with a tab, "\tcommand N", says
// that word N of the line (luatrace is word 0) is the traced command, and the rest
// its own: the shell completes as it would for that. No line means a file.
var shellCompletions = map[string]string{
	"bash": `# luatrace completion bash: source it, or put it into
# ~/.local/share/bash-completion/completions/luatrace
_luatrace() {
	local word line text command= i=0 n joined
	local -a words described # words by blanks: COMP_WORDS is split at = and : too
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
	word=${words[${#words[@]}-1]}
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == $'\tcommand '* ]]; then
			command=${line##* }
			continue
		fi
		text=${line%%$'\t'*}
		# bash completes behind the last of these itself
		[[ $text == *[:=]* ]] && text=${text#"${word%"${word##*[:=]}"}"}
		COMPREPLY+=("$text")
		[[ $line == *$'\t'* ]] && text+="  (${line#*$'\t'})"
		described+=("$text")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	if [ -n "$command" ]; then
		if ((command == ${#words[@]} - 1)); then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -cf -- "$word")
			return
		fi
		for ((n = 0; n < command; n++)); do # where it is in COMP_WORDS
			joined=${COMP_WORDS[i++]}
			until [[ $joined == "${words[n]}" || i -ge ${#COMP_WORDS[@]} ]]; do joined+=${COMP_WORDS[i++]}; done
		done
		# that of the package bash-completion, by its new and its old name
		if declare -F _comp_command_offset >/dev/null; then
			_comp_command_offset "$i"
		elif declare -F _command_offset >/dev/null; then
			_command_offset "$i"
		else
			compopt -o default 2>/dev/null
		fi
	elif [ ${#COMPREPLY[@]} -eq 0 ]; then
		compopt -o default -o filenames 2>/dev/null # filenames: they are quoted in the line
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	elif [ ${#COMPREPLY[@]} -eq 1 ]; then
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	elif [[ ${COMP_TYPE:-9} != 37 && ${COMP_TYPE:-9} != 42 ]]; then # not where they are inserted
		COMPREPLY=("${described[@]}")
	fi
}
complete -F _luatrace luatrace
`,
	"zsh": `#compdef luatrace
# luatrace completion zsh: put it as _luatrace into a directory of $fpath
_luatrace() {
	local -a found more plain described
	local n
	found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ ${found[1]} == $'\tcommand '* ]]; then
		n=${found[1]##* }
		shift $n words
		(( CURRENT -= n ))
		if (( CURRENT == 1 )); then
			_alternative 'commands:command:_command_names -e' 'files:file:_files'
		else
			_normal
		fi
	elif [[ -z ${found[1]} ]]; then
		[[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
		_files
	else
		more=("${(@M)found:#*=(|$'\t'*)}") # a value follows
		found=("${(@)found:#*=(|$'\t'*)}")
		plain=("${(@)more%%$'\t'*}") described=("${(@)more/$'\t'/  }")
		compadd -Q -S '' -l -d described -a plain
		plain=("${(@)found%%$'\t'*}") described=("${(@)found/$'\t'/  }")
		compadd -Q -l -d described -a plain
	fi
}
if [ "$funcstack[1]" = _luatrace ]; then _luatrace "$@"; else compdef _luatrace luatrace; fi
`,
	"fish": `# luatrace completion fish: put it as luatrace.fish into
# ~/.config/fish/completions
function __luatrace_complete
	set -l words (commandline -opc) (commandline -ct)
	set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
	if string match -q -- \t'command *' "$found[1]"
		set -l at (math (string split ' ' -- $found[1])[-1] + 1)
		complete -C (string join -- ' ' (string escape -- $words[$at..-2]) $words[-1])
	else if test -z "$found[1]"
		complete -C "'' $words[-1]" # files, also behind "--output=" and in quotes
	else
		printf '%s\n' $found
	end
end
complete -c luatrace -f -a '(__luatrace_complete)'
`,
}
