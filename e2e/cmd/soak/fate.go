package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// How long the issuer is well, answers badly, and is away, in turn.
const (
	well = 2 * time.Second
	bad  = 2 * time.Second
	away = 3 * time.Second
)

// badAnswers are what it answers when it does so badly, in turn.
var badAnswers = []struct {
	name   string
	answer issuer.Answer
}{
	{"500", issuer.Status(http.StatusInternalServerError)},
	{"a page", issuer.HTML()},
	{"nothing", issuer.Empty()},
	{"a byte now and then", issuer.Drip(100 * time.Millisecond)},
	{"half an answer", issuer.Truncated()},
}

// fate is what becomes of the issuer until ctx ends. It is well again then.
func (s *site) fate(ctx context.Context, r *report) error {
	for round := 0; ctx.Err() == nil; round++ {
		err := s.rotate(ctx, r)
		if err != nil {
			return err
		}
		pause(ctx, well)

		bend := badAnswers[round%len(badAnswers)]
		s.say("the issuer answers with %s", bend.name)
		s.realm.Answer(issuer.Certs, bend.answer)
		s.realm.Answer(issuer.Discovery, bend.answer)
		r.BadSeconds += pause(ctx, bad).Seconds()
		s.realm.Restore()
		pause(ctx, well)
		if ctx.Err() != nil {
			return nil
		}

		s.say("the issuer is down")
		s.issuer.Down()
		r.Outages++
		r.DownSeconds += pause(ctx, away).Seconds()
		if err := s.issuer.Up(); err != nil {
			return err
		}
		s.say("the issuer is up")
	}
	return nil
}

// rotate changes the issuer's key as Keycloak does when done with care: the
// next key is published before anything is signed with it, and the last one
// stays published while tokens signed with it are about.
func (s *site) rotate(ctx context.Context, r *report) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	next, active := issuer.NewKey(private, "ES256"), s.realm.Active()
	former := s.tokens.former()
	s.realm.Publish(keys(active, next, former)...)
	// The second fetch from now begins when the first one is over.
	known := s.realm.Count(issuer.Certs) + 2
	for s.realm.Count(issuer.Certs) < known {
		if pause(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return nil
		}
	}
	s.realm.Publish(keys(next, active, former)...)
	s.tokens.renew(next)
	r.Rotations++
	s.say("the issuer signs with its next key")
	return nil
}

// keys are those that are not nil.
func keys(all ...*issuer.Key) []*issuer.Key {
	var list []*issuer.Key
	for _, k := range all {
		if k != nil {
			list = append(list, k)
		}
	}
	return list
}

// pause waits, not beyond ctx, and returns how long.
func pause(ctx context.Context, d time.Duration) time.Duration {
	begin := time.Now()
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return time.Since(begin)
}
