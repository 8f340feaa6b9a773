//! Names that say nothing about anybody: public hosts, public module paths, customary directories and files.

/// Hosts that everybody knows; they stay readable.
#[rustfmt::skip]
pub const HOSTS: &[&str] = &[
    "proxy.golang.org", "sum.golang.org", "golang.org", "go.dev", "go.googlesource.com", "pkg.go.dev", "dl.google.com",
    "storage.googleapis.com", "goproxy.io", "goproxy.cn", "sum.golang.google.cn", "golang.google.cn",
    "mirrors.aliyun.com", "mirrors.cloud.tencent.com", "repo.huaweicloud.com", "athens.azurefd.net",
    "github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht", "hg.sr.ht", "gitea.com", "gopkg.in",
    "dev.azure.com", "codeload.github.com", "localhost", "example.com",
];

/// Module paths of public projects with a domain of their own; a path below one of them stays readable. Hosts where
/// anybody may have a private module are not here.
#[rustfmt::skip]
pub const MODULES: &[&str] = &[
    "golang.org", "google.golang.org", "cloud.google.com/go", "go.opentelemetry.io", "go.opencensus.io", "go.uber.org",
    "go.etcd.io", "go.mongodb.org", "go.starlark.net", "go4.org", "gonum.org", "honnef.co/go", "k8s.io", "sigs.k8s.io",
    "rsc.io", "mvdan.cc", "modernc.org", "lukechampine.com", "dario.cat", "filippo.io", "gorm.io", "gotest.tools",
    "gopkg.in", "cel.dev", "cuelang.org/go", "oras.land", "software.sslmate.com", "std", "cmd",
];

/// Elements of paths that are the same everywhere.
#[rustfmt::skip]
pub const ELEMENTS: &[&str] = &[
    "home", "Users", "root", "runner", "builder", "builds", "workspace", "work", "app", "usr", "local", "bin", "sbin",
    "lib", "lib64", "libexec", "share", "etc", "opt", "var", "tmp", "private", "run", "dev", "proc", "sys", "mnt", "nix",
    "store", "snap", "sdk", "src", "pkg", "mod", "cmd", "internal", "test", "tests", "vendor", "cache", "download",
    "sumdb", "tile", "lookup", "supported", "lock", "vcs", "state", "traces", "config", "go", "go-build", "gocache",
    "modcache", "gopath", "goroot", "golang", "golang.org", "toolchain", "shims", "git", "git-core", "gosteady",
    "projects", "code", "dev", "build", "dist", "main", "direct", "off", "none", "auto", "all", "hostedtoolcache",
    "linux", "darwin", "freebsd", "amd64", "arm64", "x64", "x86", "ssl", "certs", ".cache", ".config", ".local", ".go",
    ".goenv", ".asdf", ".gvm", ".git", ".netrc", ".cargo", "goenv", "asdf", "mise", "installs", "versions", "Library",
    "Caches", "Application Support", "api", "repository", "artifactory", "goproxy", "gofmt", "pure",
    "go.mod", "go.sum", "go.work", "go.work.sum", "go.env", "modules.txt", "gosteady.toml", "config.toml",
    "invocations.jsonl", "ca-certificates.crt", "cert.pem", "latest", "list",
];

/// Queries that may follow `@` besides versions.
pub const QUERIES: &[&str] = &["latest", "upgrade", "patch", "none", "master", "main", "v", "mod"];

/// Endings of file names that stay when the rest is hidden.
#[rustfmt::skip]
pub const ENDINGS: &[&str] = &[
    "go", "mod", "sum", "work", "zip", "info", "ziphash", "json", "jsonl", "toml", "yaml", "yml", "txt", "md", "html",
    "c", "h", "s", "o", "a", "so", "sh", "py", "log", "tmp", "test", "exe", "pem", "crt", "key", "git", "partial", "list",
    "com", "org", "net", "io", "dev",
];

/// Programs that name themselves in `Via`.
pub const VIA: &[&str] = &[
    "varnish",
    "google",
    "cloudfront",
    "squid",
    "nginx",
    "vegur",
    "caddy",
    "envoy",
];
