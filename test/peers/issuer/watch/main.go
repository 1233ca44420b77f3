// A user of go-spiffe, for the tests: what does it make of our Workload API?
//
//	watch fetch       the identity and the bundles, once
//	watch follow N    the identity as it is rotated, N different ones; then how many bundles were seen
//
// SPIFFE_ENDPOINT_SOCKET says where. Every identity is judged by go-spiffe against the bundle that came with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

const patience = 60 * time.Second

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatalf("watch: %v", err)
	}
}

func run(ctx context.Context, words []string) error {
	switch {
	case len(words) == 1 && words[0] == "fetch":
		return fetch(ctx)
	case len(words) == 2 && words[0] == "follow":
		wanted, err := strconv.Atoi(words[1])
		if err != nil {
			return err
		}
		return follow(ctx, wanted)
	}
	return errors.New("say `fetch` or `follow N`")
}

func fetch(ctx context.Context) error {
	got, err := workloadapi.FetchX509Context(ctx)
	if err != nil {
		return err
	}
	if err := describe(got.DefaultSVID(), got.Bundles); err != nil {
		return err
	}
	bundles, err := workloadapi.FetchX509Bundles(ctx)
	if err != nil {
		return err
	}
	for _, bundle := range bundles.Bundles() {
		fmt.Printf("bundle of %s with %d roots\n", bundle.TrustDomain(), len(bundle.X509Authorities()))
	}
	return nil
}

// describe prints one identity after go-spiffe has judged it.
func describe(svid *x509svid.SVID, bundles x509bundle.Source) error {
	id, _, err := x509svid.Verify(svid.Certificates, bundles)
	if err != nil {
		return err
	}
	leaf := svid.Certificates[0]
	fmt.Printf("%s verified, serial %x, lives %s\n", id, leaf.SerialNumber, leaf.NotAfter.Sub(leaf.NotBefore))
	return nil
}

// watcher ends the watch when it has seen enough, or by the first error.
type watcher struct {
	end    context.CancelCauseFunc
	wanted int
	serial map[string]bool
}

var errEnough = errors.New("seen enough")

func (w *watcher) OnX509ContextUpdate(got *workloadapi.X509Context) {
	svid := got.DefaultSVID()
	if err := describe(svid, got.Bundles); err != nil {
		w.end(err)
	}
	w.serial[svid.Certificates[0].SerialNumber.String()] = true
	if len(w.serial) == w.wanted {
		w.end(errEnough)
	}
}

func (w *watcher) OnX509ContextWatchError(err error) {
	if !errors.Is(err, context.Canceled) {
		w.end(err)
	}
}

// bundleWatcher counts what the other stream brings meanwhile.
type bundleWatcher struct{ seen atomic.Int64 }

func (w *bundleWatcher) OnX509BundlesUpdate(*x509bundle.Set) { w.seen.Add(1) }
func (w *bundleWatcher) OnX509BundlesWatchError(error)       {}

func follow(ctx context.Context, wanted int) error {
	client, err := workloadapi.New(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	watching, end := context.WithCancelCause(ctx)
	bundles := &bundleWatcher{}
	go func() { _ = client.WatchX509Bundles(watching, bundles) }()
	_ = client.WatchX509Context(watching, &watcher{end: end, wanted: wanted, serial: map[string]bool{}})
	if cause := context.Cause(watching); !errors.Is(cause, errEnough) {
		return fmt.Errorf("the watch ended early: %w", cause)
	}
	fmt.Printf("bundles seen %d times\n", bundles.seen.Load())
	return nil
}
