//! Who gives certificates to the servers of the tests.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

const NEW_KEY: [&str; 6] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-batch",
];

/// It is there as long as this lives.
pub(crate) struct Authority(TempDir);

/// A certificate and its key.
pub(crate) struct Certificate(pub(crate) String, pub(crate) String);

impl Authority {
    /// The authority of this name; another one of the same name is another.
    pub(crate) fn of(group: &str) -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.makes("authority", &["-subj", &format!("/CN={group}")]);
        authority
    }

    /// A certificate for this name, such as `IP:127.0.0.1`.
    pub(crate) fn certifies(&self, name: &str) -> Certificate {
        let name = format!("subjectAltName={name}");
        let mine = [
            ("-CA", "authority.pem"),
            ("-CAkey", "authority.key"),
            ("-subj", "/CN=A server"),
            ("-addext", "basicConstraints=critical,CA:FALSE"),
            ("-addext", name.as_str()),
        ];
        let mine: Vec<_> = mine
            .iter()
            .flat_map(|(key, value)| [*key, *value])
            .collect();
        self.makes("server", &mine);
        let read = |name| fs::read_to_string(self.path(name)).unwrap();
        Certificate(read("server.pem"), read("server.key"))
    }

    fn makes(&self, name: &str, terms: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(self.0.path()).args(["req", "-x509"]);
        openssl.args(NEW_KEY).args(terms);
        openssl.args(["-out", &format!("{name}.pem")]);
        openssl.args(["-keyout", &format!("{name}.key")]);
        let made = openssl.output();
        let made = made.expect("this test makes certificates: install Debian's openssl");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
    }

    /// Where one of its files is; its own certificate is `authority.pem`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
