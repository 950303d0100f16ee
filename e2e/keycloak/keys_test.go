package keycloak

import (
	"net/http"
	"testing"
	"time"
)

// pause waits until an unknown key id may be asked for again.
func pause() { time.Sleep(minRefresh + 100*time.Millisecond) }

// settled is how long keys may be in use after they have gone, and tokens be
// refused that are good by now: jwksRefresh, and the fetch that follows, which
// takes long only on a machine that is busy with something else.
const settled = refresh + 5*time.Second

// TestRotation is a key's life as an administrator leads it: a new key signs,
// the old one is passive, then disabled, then back, then deleted.
func TestRotation(t *testing.T) {
	need(t)
	realm := newRealm(t, "rotation", nil)
	ctx := t.Context()
	g := newGuard(t, with(guardOf(realm), shortTimes()))
	const oldKind, newKind = "rotation: token of the old key", "rotation: token of the new key"

	old := alice(t, realm)
	g.expect(t, oldKind, old, adminPath, 200)
	first := must(realm.KeysOf(ctx, "rsa"))(t)[0]

	pause()
	must(realm.AddKey(ctx, "rsa-generated", map[string]string{"priority": "500"}))(t)
	fresh := alice(t, realm)
	if decode(fresh).header["kid"] == decode(old).header["kid"] {
		t.Fatal("the new key does not sign")
	}
	// The first request with the new key, without a second try.
	g.expect(t, newKind, fresh, adminPath, 200)
	g.expect(t, oldKind, old, adminPath, 200)

	done(t, realm.ChangeKey(ctx, first, "active", "false"))
	for end := time.Now().Add(2 * refresh); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		g.expect(t, oldKind+", passive", old, adminPath, 200)
	}

	done(t, realm.ChangeKey(ctx, first, "enabled", "false"))
	both := func() { g.expect(t, newKind, fresh, adminPath, 200) }
	took := g.until(t, oldKind+", disabled", old, adminPath, 401, settled, both)
	t.Logf("the disabled key's token, which had been remembered, was refused after %s; jwksRefresh is %s", took, refresh)
	g.expect(t, oldKind+", disabled", old, adminPath, 401)

	done(t, realm.ChangeKey(ctx, first, "enabled", "true"))
	g.until(t, oldKind+", enabled again", old, adminPath, 200, settled, both)

	must(realm.admin(ctx, http.MethodDelete, "/components/"+first.ID, nil, nil))(t)
	took = g.until(t, oldKind+", deleted", old, adminPath, 401, settled, both)
	t.Logf("the deleted key's token was refused after %s", took)
}
