package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// waitingSockets makes sure that some TCP sockets are in TIME_WAIT: a minute after
// the end of a connection the kernel still has a line for each in
// /proc/net/tcp.
func waitingSockets(n int) error {
	for dst := byte(1); ; dst++ {
		have, err := inTimeWait()
		if err != nil || have >= n {
			return err
		}
		if dst == 0 {
			return fmt.Errorf("there are only %d sockets in TIME_WAIT; net.ipv4.tcp_max_tw_buckets may forbid %d", have, n)
		}
		if err := connections([4]byte{127, 0, 0, dst}, min(n-have, 4000)); err != nil {
			return err
		}
	}
}

// inTimeWait counts the sockets in TIME_WAIT.
func inTimeWait() (n int, err error) {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), " tw ")
	_, err = fmt.Sscan(rest, &n)
	return n, err
}

// connections makes connections to an address of the loopback device and ends
// them.
func connections(to [4]byte, n int) error {
	l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(l)
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: to}); err != nil {
		return err
	}
	if err := unix.Listen(l, 16); err != nil {
		return err
	}
	at, err := unix.Getsockname(l)
	if err != nil {
		return err
	}
	for range n {
		c, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(c, at); err != nil {
			return err
		}
		s, _, err := unix.Accept4(l, unix.SOCK_CLOEXEC)
		if err != nil {
			return err
		}
		unix.Close(s)
		unix.Close(c)
	}
	return nil
}
