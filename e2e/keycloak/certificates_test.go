package keycloak

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificates are a private authority's: Keycloak's own, a client's, and the
// authority's. otherCA is an authority that vouches for none of them.
type certificates struct {
	ca, otherCA, serverCert, serverKey string
	client                             tls.Certificate
	roots                              *x509.CertPool
}

func makeCertificates(dir string) (*certificates, error) {
	c := &certificates{
		ca: filepath.Join(dir, "ca.pem"), otherCA: filepath.Join(dir, "other-ca.pem"),
		serverCert: filepath.Join(dir, "server.pem"), serverKey: filepath.Join(dir, "server-key.pem"),
		roots: x509.NewCertPool(),
	}
	ca, err := issue("example authority", nil)
	if err != nil {
		return nil, err
	}
	other, err := issue("another authority", nil)
	if err != nil {
		return nil, err
	}
	server, err := issue("keycloak", ca)
	if err != nil {
		return nil, err
	}
	user, err := issue("a client", ca)
	if err != nil {
		return nil, err
	}
	c.roots.AddCert(ca.cert)
	c.client = tls.Certificate{Certificate: [][]byte{user.cert.Raw}, PrivateKey: user.key}
	key, err := x509.MarshalPKCS8PrivateKey(server.key)
	if err != nil {
		return nil, err
	}
	for name, block := range map[string]*pem.Block{
		c.ca:         {Type: "CERTIFICATE", Bytes: ca.cert.Raw},
		c.otherCA:    {Type: "CERTIFICATE", Bytes: other.cert.Raw},
		c.serverCert: {Type: "CERTIFICATE", Bytes: server.cert.Raw},
		c.serverKey:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate by an authority, or an authority when there is
// none.
func issue(name string, by *issued) (*issued, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if by == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageCertSign, nil
		by = &issued{template, key}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(raw)
	return &issued{cert, key}, err
}
