package encode

import (
	"net"
	"slices"
	"testing"
)

// macAddress takes what net.ParseMAC takes, which the program does without.
func TestMACAddress(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"02:00:5e:10:00:00", "02-00-5E-10-00-0f", "0200.5e10.0000", "02:00:5e:10:00:00:00:01", "0200.5e10.0000.0001",
		"00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01",
		"", ":", "02", "02:00", "0200", "02:00:5e:10:00", "02:00:5e:10:00:0", "02:00:5e:10:00:00:", ":02:00:5e:10:00:00", "02:00:5e:10:00-00",
		"02.00.5e.10.00.00", "0200:5e10:0000", "02x00x5e", "0g:00:5e:10:00:00", "02:00:5e:10:00:000", "a:b:c:d:e:f", "1.2.3.4",
	} {
		want, _ := net.ParseMAC(text)
		if got := macAddress(text); !slices.Equal(got, []byte(want)) {
			t.Errorf("%q: %x, want %x", text, got, []byte(want))
		}
	}
}
