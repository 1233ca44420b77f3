// A workload written with the original's Go SDK.
//
//	program fetch    prints its secret; exits with 6 when there is none
//	program watch    keeps the file VSECM_SIDECAR_SECRETS_PATH equal to it, for ever
package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/spiffe/vsecm-sdk-go/sentry"
)

const exitNotFound = 6

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("say `fetch` or `watch`")
	}
	switch os.Args[1] {
	case "fetch":
		got, err := sentry.Fetch()
		if errors.Is(err, sentry.ErrSecretNotFound) {
			os.Exit(exitNotFound)
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n%s\n%s\n", got.Data, got.Created, got.Updated)
	case "watch":
		sentry.Watch()
	default:
		log.Fatalf("%q is neither `fetch` nor `watch`", os.Args[1])
	}
}
