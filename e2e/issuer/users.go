package issuer

import (
	"crypto/sha256"
	"slices"
)

// Lifetimes of the tokens, Keycloak's defaults in seconds.
const (
	AccessLifespan  = 300
	RefreshLifespan = 1800
)

// Names of the clients of a realm that is started without others. They are
// those of the realm file in examples/keycloak, as are the users.
const (
	// WebClient is what people use: public, with the password grant.
	WebClient = "labs64-web"
	// ServiceClient is confidential and has a service account.
	ServiceClient = "labs64-batch"
	// ServiceSecret is its secret.
	ServiceSecret = "batch-example-secret"
	// Audience is the guarded API's own client: audience mappers put it into
	// the tokens of the other two.
	Audience = "labs64-api"
	// OtherAPI is a further client with roles, which give no right at the API.
	OtherAPI = "labs64-other"
)

// User is a user of a realm.
type User struct {
	// Name is the user name, and the password too.
	Name string
	// Sub is the user's id, the claim "sub".
	Sub string
	// First and Last are the parts of the claim "name".
	First, Last string
	// RealmRoles are the roles beside Keycloak's default ones.
	RealmRoles []string
	// ClientRoles are the roles by client.
	ClientRoles map[string][]string
}

// Client is a client of a realm.
type Client struct {
	// ID is the client id, the claim "azp".
	ID string
	// Secret is empty for a public client.
	Secret string
	// Audience is what the client's audience mappers add to "aud".
	Audience []string
	// Service, when not nil, is the service account; its user name is
	// "service-account-" and the client's id.
	Service *User
}

// DemoUsers are the users of a realm that is started without others. Each has
// a way of its own to a role, or to none:
//
//   - alice holds admin-role;
//   - bob holds auditflow-role;
//   - carol holds none but those that Keycloak gives to all;
//   - dave holds supervisor-role, which is made of auditflow-role;
//   - erin holds auditflow-role through a group;
//   - frank holds auditflow-role at the client Audience, not in the realm;
//   - grace holds admin-role at the client OtherAPI.
func DemoUsers() []User {
	return []User{
		demoUser("alice", "Alice", "Admin", "admin-role"),
		demoUser("bob", "Bob", "Auditor", "auditflow-role"),
		demoUser("carol", "Carol", "Guest"),
		// Tokens hold composite and group roles already taken apart.
		demoUser("dave", "Dave", "Supervisor", "supervisor-role", "auditflow-role"),
		demoUser("erin", "Erin", "Groupmember", "auditflow-role"),
		demoUser("frank", "Frank", "Clientrole").withClientRole(Audience, "auditflow-role"),
		demoUser("grace", "Grace", "Elsewhere").withClientRole(OtherAPI, "admin-role"),
	}
}

// DemoClients are the clients of a realm that is started without others.
func DemoClients() []Client {
	service := demoUser("service-account-"+ServiceClient, "", "", "auditflow-role")
	return []Client{
		{ID: WebClient, Audience: []string{Audience}},
		{ID: ServiceClient, Secret: ServiceSecret, Audience: []string{Audience}, Service: &service},
	}
}

// demoUser is a user whose id follows from the name, so that it is the same
// in every run.
func demoUser(name, first, last string, roles ...string) User {
	sum := sha256.Sum256([]byte(name))
	return User{Name: name, Sub: uuidOf(sum[:16]), First: first, Last: last, RealmRoles: roles}
}

func (u User) withClientRole(client, role string) User {
	u.ClientRoles = map[string][]string{client: {role}}
	return u
}

// User is the realm's user of that name.
func (r *Realm) User(name string) User { return r.mustUser(name) }

func (r *Realm) user(name string) (User, bool) {
	for _, u := range r.users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}

func (r *Realm) client(id string) (Client, bool) {
	for _, c := range r.clients {
		if c.ID == id {
			return c, true
		}
	}
	return Client{}, false
}

// audience is what Keycloak makes of the mappers' audiences and of every
// client whose roles the user holds (scope "roles"): a string where there is
// one, else a list, never with the asking client itself.
func audience(c Client, access map[string]any) any {
	list := slices.Clone(c.Audience)
	for _, id := range sortedKeys(access) {
		if id != c.ID && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	out := make([]any, len(list))
	for i, a := range list {
		out[i] = a
	}
	return out
}
