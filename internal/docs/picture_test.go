package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestPictureIsCurrent: the picture of the README shows the text it is made from, and the commands
// in it print lines like those now.
func TestPictureIsCurrent(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile(filepath.Join(root(t), pictureTarget))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(picture(pictureText)) {
		t.Errorf("%s is stale: go run ./internal/docs", pictureTarget)
	}
	bin := filepath.Dir(fixture.Luatrace(t))
	for command, output := range commandsOf(pictureText) {
		now := runColoured(command, bin, t.TempDir())
		if now == "" || strings.Count(now, "\x1b[31m") != strings.Count(output, "\x1b[31m") || shape("\n"+now) != shape("\n"+output) {
			t.Errorf("%s prints\n%s\nin the picture it is\n%s\ngo run ./internal/docs -transcripts", command, now, output)
		}
	}
}

// commandsOf returns the commands of the picture with what they print.
func commandsOf(text string) map[string]string {
	list := map[string]string{}
	for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, output, _ := strings.Cut(part, "\n")
		list[command] = strings.TrimSuffix(output, "\n")
	}
	return list
}

// TestPictureIsSafe: whatever the text is, the picture is XML with that text and nothing else.
func TestPictureIsSafe(t *testing.T) {
	t.Parallel()
	decoder := xml.NewDecoder(strings.NewReader(string(picture("$ a <script>&\"'\n\x1b[31mred</text>\x1b[m\x1b[0;1m\x07\xff\n"))))
	text := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if name := token.Name.Local; !strings.Contains(" svg title rect g text tspan ", " "+name+" ") {
				t.Errorf("an element %s", name)
			}
		case xml.CharData:
			text += string(token)
		}
	}
	for _, want := range []string{`$ a <script>&"'`, "red</text>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	if strings.ContainsAny(text, "\x1b\x07") {
		t.Errorf("control characters: %q", text)
	}
}
