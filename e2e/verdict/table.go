package verdict

// Theme is a part of the table.
type Theme struct {
	Name string
	Rows []Row
}

// Table returns the whole table.
func Table() []Theme {
	return []Theme{
		{"shape of the credential", shape()},
		{"JOSE header", jose()},
		{"signature and key", signatures()},
		{"claims", claims()},
		{"roles and users", rolesAndUsers()},
		{"headers", headers()},
		{"paths", paths()},
		{"policy", policies()},
		{"answers and issuers", answers()},
	}
}
