// A workload written with what Go programs use: go-spiffe's source of identities and TLS configuration, and net/http. It
// asks as the original's Go SDK does, plainly and with a new connection for every fetch.
//
//	go_client fetch            one fetch; prints the status and the body
//	go_client hammer ROTATIONS several clients fetch until their identity was rotated that often; prints what failed
//
// SPIFFE_ENDPOINT_SOCKET, VSECM_SAFE_ENDPOINT_URL and VSECM_SPIFFEID_PREFIX_SAFE (here: a literal prefix) say where and who.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

const (
	patience       = 5 * time.Minute
	requestTimeout = 10 * time.Second
	defaultSafe    = "spiffe://vsecm.com/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/"
)

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatalf("go_client: %v", err)
	}
}

func run(ctx context.Context, words []string) error {
	target, err := url.JoinPath(os.Getenv("VSECM_SAFE_ENDPOINT_URL"), "/workload/v1/secrets")
	if err != nil {
		return err
	}
	source, err := workloadapi.NewX509Source(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	switch {
	case len(words) == 1 && words[0] == "fetch":
		status, body, err := fetch(ctx, newClient(source, false), target)
		if err != nil {
			return err
		}
		fmt.Printf("%d %s\n", status, body)
		return nil
	case len(words) == 2 && words[0] == "hammer":
		rotations, err := strconv.Atoi(words[1])
		if err != nil {
			return err
		}
		return hammer(ctx, source, target, rotations)
	}
	return errors.New("say `fetch` or `hammer ROTATIONS`")
}

func isSafe(id spiffeid.ID) error {
	prefix := os.Getenv("VSECM_SPIFFEID_PREFIX_SAFE")
	if prefix == "" {
		prefix = defaultSafe
	}
	if !strings.HasPrefix(id.String(), prefix) {
		return fmt.Errorf("%s is not safe", id)
	}
	return nil
}

func newClient(source *workloadapi.X509Source, keepConnection bool) *http.Client {
	return &http.Client{
		Timeout: requestTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: !keepConnection,
			TLSClientConfig:   tlsconfig.MTLSClientConfig(source, source, tlsconfig.AdaptMatcher(isSafe)),
		},
	}
}

func fetch(ctx context.Context, client *http.Client, target string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// hammer has clients of both manners fetch without a pause, but for what keeps a small machine usable.
func hammer(ctx context.Context, source *workloadapi.X509Source, target string, rotations int) error {
	const pause = 10 * time.Millisecond
	working, stop := context.WithCancel(ctx)
	var requests, failures atomic.Int64
	var workers sync.WaitGroup
	for number := range 4 {
		client := newClient(source, number%2 == 0)
		workers.Go(func() {
			for working.Err() == nil {
				status, body, err := fetch(ctx, client, target)
				requests.Add(1)
				if err != nil || status != http.StatusOK {
					if failures.Add(1) <= 5 {
						log.Printf("failed: %d %s %v", status, body, err)
					}
				}
				time.Sleep(pause)
			}
		})
	}
	serials := map[string]bool{}
	for {
		svid, err := source.GetX509SVID()
		if err != nil {
			stop()
			return err
		}
		serials[svid.Certificates[0].SerialNumber.String()] = true
		if len(serials) > rotations {
			break
		}
		select {
		case <-source.Updated():
		case <-ctx.Done():
			stop()
			return ctx.Err()
		}
	}
	stop()
	workers.Wait()
	fmt.Printf("%d requests, %d failed, %d rotations\n", requests.Load(), failures.Load(), len(serials)-1)
	return nil
}
