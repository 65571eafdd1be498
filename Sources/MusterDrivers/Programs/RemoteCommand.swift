import Foundation
import MusterCore
import MusterEngine

/// The command line by which OpenSSH's client executes a program on a machine.
struct RemoteCommand {
    let words: [String]

    /// Errors: `exec_failed` when a file that it needs is not there.
    init(_ request: ProgramRequest, _ remote: ProgramRequest.Remote, ssh: String) throws {
        for (what, path, hint) in [
            ("OpenSSH's client", ssh, "install it: apt-get install openssh-client"),
            ("the key", remote.access.key, "make it with ssh-keygen, and put its public half on the machines"),
            ("the file of known hosts", remote.access.knownHosts, "make it with ssh-keyscan, and compare the keys with the machines"),
        ] where !FileManager.default.isReadableFile(atPath: path) {
            throw MusterError("exec_failed", "cannot read \(what) at \(path)", hint: hint)
        }
        let options = [
            "BatchMode=yes", "ConnectTimeout=10", "StrictHostKeyChecking=yes", "UserKnownHostsFile=\"\(remote.access.knownHosts)\"",
            "GlobalKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "PreferredAuthentications=publickey", "ServerAliveInterval=5",
            "ServerAliveCountMax=3", "ControlMaster=no", "ControlPath=none", "ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes",
            "PermitLocalCommand=no", "UpdateHostKeys=no", "LogLevel=ERROR",
        ]
        // No file of a user's may change what this command does.
        words =
            [ssh, "-F", "/dev/null", "-T", "-i", remote.access.key, "-l", remote.access.user, "-p", String(remote.access.port)]
            + options.flatMap { ["-o", $0] } + ["--", remote.address, Self.quoted(Self.bounded(request))]
    }

    /// The program of coreutils that ends what it executes when its time is over.
    private static let timeout = "/usr/bin/timeout"

    /// The words that the machine executes: nobody there hears that the client's time is over, or that the engine died, so the machine itself
    /// kills the program with all that it started, a second after its time at the latest. A shell in between turns a signal that ended the
    /// program into a status, as ssh cannot tell it from its own failure.
    private static func bounded(_ request: ProgramRequest) -> [String] {
        let seconds = (request.timeout + 999) / 1000 + 1
        return [timeout, "-s", "KILL", String(seconds), "/bin/sh", "-c", "\"$@\"; exit $?", "sh", request.program] + request.arguments
    }

    /// The server gives the command to the user's shell: each word is quoted so that the shell finds the same words again.
    static func quoted(_ words: [String]) -> String {
        words.map { "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }.joined(separator: " ")
    }

    /// Errors: `exec_failed` when the client itself failed, which it says by the status 255, or the machine has no `timeout`.
    static func check(_ result: ProgramResult, _ request: ProgramRequest, _ remote: ProgramRequest.Remote) throws {
        if result.code == 127, result.errors.contains(timeout) {
            throw MusterError(
                "exec_failed", "\(request.program) could not be executed at \(remote.address): the machine has no \(timeout)",
                hint: "install coreutils on it: apt-get install coreutils")
        }
        guard result.code == 255 else { return }
        let words = result.errors.split(separator: "\n").last.map(String.init) ?? "the connection failed"
        throw MusterError(
            "exec_failed", "\(request.program) could not be executed at \(remote.address): \(words.trimmingCharacters(in: .whitespaces))",
            hint: "try it by hand: ssh -i \(remote.access.key) -l \(remote.access.user) -p \(remote.access.port) \(remote.address)")
    }
}
