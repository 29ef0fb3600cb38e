// Certificates for a Collector that speaks TLS and for its clients: made anew each time, valid for a day, from
// an authority whose key is forgotten.
package collector

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates names files in PEM.
type Certificates struct {
	Authority             string
	ServerCert, ServerKey string
	ClientCert, ClientKey string
}

// WriteCertificates makes an authority, a certificate for this machine's loopback address and one for a client,
// and writes them into a directory.
func WriteCertificates(directory string) (Certificates, error) {
	in := func(name string) string { return filepath.Join(directory, name) }
	files := Certificates{
		Authority:  in("authority.pem"),
		ServerCert: in("server.pem"), ServerKey: in("server.key"),
		ClientCert: in("client.pem"), ClientKey: in("client.key"),
	}
	authority := template(1, "authority")
	authority.IsCA = true
	authority.BasicConstraintsValid = true
	authority.KeyUsage = x509.KeyUsageCertSign
	authorityKey, err := write(authority, authority, nil, files.Authority, "")
	if err != nil {
		return files, err
	}
	server := template(2, "collector")
	server.IPAddresses = []net.IP{net.ParseIP(loopback)}
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if _, err := write(server, authority, authorityKey, files.ServerCert, files.ServerKey); err != nil {
		return files, err
	}
	client := template(3, "client")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err = write(client, authority, authorityKey, files.ClientCert, files.ClientKey)
	return files, err
}

func template(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// write makes a key and a certificate for it, signed by the parent's key or, without one, by itself.
func write(
	certificate, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, certPath, keyPath string,
) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if parentKey == nil {
		parentKey = key
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, parent, key.Public(), parentKey)
	if err != nil {
		return nil, err
	}
	if err := writePEM(certPath, "CERTIFICATE", der); err != nil || keyPath == "" {
		return key, err
	}
	der, err = x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(keyPath, "PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
