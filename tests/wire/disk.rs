//! A small disk of the daemon's own, to be filled: a file system in memory that only the daemon and this test see. It
//! outlives the daemon, and is gone with this test.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What is written at a time to fill the disk: small, so that nothing is left over.
const CRUMB: [u8; 512] = [b'x'; 512];
/// What must be there for these tests.
const NEEDED: &str = "this test puts a small file system into a namespace of its own: install Debian's \
     util-linux and mount, and run it as root or where users may make namespaces (max_user_namespaces above 0)";

/// A mounted disk and the process that holds it.
pub(crate) struct Disk {
    holder: Child,
    folder: PathBuf,
}

impl Disk {
    /// Mounts one of this size in the place of this folder.
    pub(crate) fn mounted_at(folder: &Path, size: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let mount =
            "mount -t tmpfs -o mode=700,size=\"$1\" none \"$2\" && echo mounted && exec cat";
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount"])
            .args(["sh", "-c", mount, "sh", size])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(NEEDED);
        let mut said = String::new();
        let told = BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said);
        assert!(told.is_ok() && said == "mounted\n", "{NEEDED}");
        let folder = folder.to_owned();
        Self { holder, folder }
    }

    /// Starts this program where the disk is.
    pub(crate) fn runs(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.holder.id())).args([
            "--user",
            "--mount",
            "--preserve-credentials",
            program,
        ]);
        command
    }

    /// A file of the disk, as it is called from outside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        Path::new(&root)
            .join(self.folder.strip_prefix("/").unwrap())
            .join(name)
    }

    /// Leaves no room.
    pub(crate) fn fill(&self) {
        let mut file = fs::File::create(self.path("filler")).unwrap();
        while file.write_all(&CRUMB).is_ok() {}
    }

    /// Makes it again.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }

    /// Whether anything may be written: `ro` or `rw`. Nothing may be open to write when it is taken away.
    pub(crate) fn remount(&self, how: &str) {
        // Else the owner's number is repeated, which may mean nobody in this namespace.
        let as_told = ["--options-mode", "ignore", "-o"];
        let mut mount = self.runs("mount");
        mount.args(as_told).arg(format!("remount,{how}"));
        assert!(mount.arg(&self.folder).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
