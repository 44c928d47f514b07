package pack

import (
	"bytes"
	"compress/flate"
	"fmt"
	"slices"
	"strings"
)

// blockSize is how many bytes of text a block has if no record is longer: less
// makes a look-up quicker and the file longer.
const blockSize = 2048

// Write makes a table of records "KEY TEXT\n", with further lines that begin
// with a space. It sorts them by key; those of one key stay in their order. The
// same records give the same bytes.
func Write(comment string, records []string) ([]byte, error) {
	records = slices.Clone(records)
	for _, r := range records {
		if !strings.HasSuffix(r, "\n") || strings.IndexByte(r, ' ') <= 0 || recordEnd(r, 0) != len(r) {
			return nil, fmt.Errorf("pack: %q is no record", r)
		}
	}
	slices.SortStableFunc(records, func(a, b string) int { return strings.Compare(keyOf(a), keyOf(b)) })
	var list, data bytes.Buffer
	fmt.Fprintf(&list, "# %s\n", comment)
	for len(records) > 0 {
		n, size := 0, 0
		for n < len(records) && (n == 0 || size+len(records[n]) <= blockSize) {
			size += len(records[n])
			n++
		}
		before := data.Len()
		z, err := flate.NewWriter(&data, flate.BestCompression)
		if err != nil {
			return nil, err
		}
		for _, r := range records[:n] {
			if _, err := z.Write([]byte(r)); err != nil {
				return nil, err
			}
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		fmt.Fprintf(&list, "%s %d %d\n", keyOf(records[0]), size, data.Len()-before)
		records = records[n:]
	}
	list.WriteByte('\n')
	return append(list.Bytes(), data.Bytes()...), nil
}

func keyOf(record string) string {
	key, _, _ := strings.Cut(record, " ")
	return key
}
