// This workload's secret in Go, through the C interface: prints how long it is. (go build with cgo)
package main

/*
#cgo pkg-config: vsecm
#include <stdlib.h>
#include <vsecm/vsecm.h>
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"
)

// Error is a status of vsecm.h and its sentence.
type Error struct {
	Status  int
	Message string
}

func (e *Error) Error() string { return e.Message }

// The message belongs to the thread: no call may come between a status and this, so callers lock their thread.
func check(status C.int) error {
	if status == C.VSECM_OK {
		return nil
	}
	return &Error{int(status), C.GoString(C.vsecm_message())}
}

// Client may be used by many goroutines.
type Client struct{ handle *C.vsecm_client }

func Open() (*Client, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var c Client
	if err := check(C.vsecm_open(nil, &c.handle)); err != nil {
		return nil, err
	}
	return &c, nil
}

func (c *Client) Close() { C.vsecm_close(c.handle) }

// Fetch returns a copy that the caller may wipe with clear().
func (c *Client) Fetch(timeout time.Duration) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var secret *C.vsecm_secret
	if err := check(C.vsecm_fetch(c.handle, C.int(timeout.Milliseconds()), &secret)); err != nil {
		return nil, err
	}
	defer C.vsecm_secret_free(secret)
	return C.GoBytes(unsafe.Pointer(C.vsecm_secret_data(secret)), C.int(C.vsecm_secret_size(secret))), nil
}

func main() {
	client, err := Open()
	if err == nil {
		defer client.Close()
		var secret []byte
		if secret, err = client.Fetch(10 * time.Second); err == nil {
			fmt.Printf("the secret has %d bytes\n", len(secret))
			clear(secret)
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
