import CLinuxShim
import Foundation
import MusterCore
import MusterDrivers
import MusterEngine
import Testing

/// Programs on machines, by a real SSH server on loopback.
@Suite struct RemoteProgramTests {
    private let runner = SystemProgramRunner()

    /// A server that knows one key, in a folder of its own.
    private final class Server {
        let scratch: Scratch
        let address = LoopbackAddress.next()
        private var process: pid_t = 0

        init() async throws {
            scratch = try Scratch()
            for name in ["host", "key", "other"] {
                let made = try await Program.run(
                    "ssh-keygen", package: "openssh-client", ["-q", "-t", "ed25519", "-N", "", "-f", scratch.file(name)])
                try #require(made.status == 0, "\(made.output)")
            }
            try scratch.write("authorized", scratch.read("key.pub") + "\n")
            try scratch.write("known", "[\(address)]:2222 \(scratch.read("host.pub"))\n")
            try scratch.write("strange", "[\(address)]:2222 \(scratch.read("other.pub"))\n")
            try scratch.write("empty", "")
            try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
            try scratch.write(
                "config",
                """
                ListenAddress \(address)
                Port 2222
                HostKey \(scratch.file("host"))
                AuthorizedKeysFile \(scratch.file("authorized"))
                PermitRootLogin prohibit-password
                PasswordAuthentication no
                StrictModes no
                UsePAM no
                PidFile none
                """)
            // Not Foundation's Process: sshd closes what it inherits, which Foundation takes for its end, and then every other wait for
            // a process hangs behind its own wait for this one.
            let words = [try Program.path("sshd", package: "openssh-server"), "-D", "-e", "-f", scratch.file("config")]
            let pointers = words.map { strdup($0) } + [nil]
            defer { for pointer in pointers { free(pointer) } }
            try #require(muster_spawn_detached(words[0], pointers, "/", scratch.file("log"), [], 0, &process) == 0)
        }

        deinit {
            guard process > 0 else { return }
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }

        func request(_ words: [String], known: String = "known", key: String = "key") -> ProgramRequest {
            var request = ProgramRequest(program: words[0], arguments: Array(words.dropFirst()))
            request.remote = ProgramRequest.Remote(
                address: address,
                access: RemoteAccess(
                    user: NSUserName(), key: scratch.file(key), knownHosts: scratch.file(known), port: 2222, allow: [words[0]]))
            return request
        }
    }

    @Test func aProgramIsExecutedOnTheMachine() async throws {
        let server = try await Server()
        let words = ["a b", "$(id)", "'; exit 9; '", "\"", "*", "\\", "é", ""]
        var request = server.request(
            ["/bin/sh", "-c", #"cat; for w in "$@"; do printf '<%s>' "$w"; done; echo bad >&2; exit 3"#, "sh"] + words)
        request.input = "in:"
        var result: ProgramResult?
        try await eventually("the server answers") {
            result = try? await runner.run(request)
            return result != nil
        }
        #expect(result == ProgramResult(code: 3, output: "in:" + words.map { "<\($0)>" }.joined(), errors: "bad\n"))

        // Only to machines that are known, and only with the right key.
        for (known, key) in [("strange", "key"), ("empty", "key"), ("known", "other")] {
            let error = try await failing { try await runner.run(server.request(["/bin/true"], known: known, key: key)) }
            #expect(error.code == "exec_failed", "\(known) \(key)")
            #expect(error.hint?.contains("ssh -i") == true)
        }
        let absent = try await failing { try await runner.run(server.request(["/bin/true"], key: "absent")) }
        #expect(absent.hint?.contains("ssh-keygen") == true)

        // A signal that ends the program is no failure of the connection.
        #expect(try await runner.run(server.request(["/bin/sh", "-c", "kill -9 $$"])).code == 137)
        #expect(try await runner.run(server.request(["/nonexistent/program"])).code == 127)

        // At the end of its time it ends on the machine too, with what it started and whatever signals it ignores.
        let pids = server.scratch.file("pids")
        var slow = server.request([
            "/bin/sh", "-c", #"trap '' HUP TERM PIPE; sleep 1000 & echo $$ $! > "$1.new"; mv "$1.new" "$1"; wait"#, "sh", pids,
        ])
        // On a busy machine a short time may be over before the program began.
        for seconds: Int64 in [1, 4, 16, 60] where !FileManager.default.fileExists(atPath: pids) {
            slow.timeout = seconds * 1_000
            #expect(try await failing { try await runner.run(slow) }.code == .timeout)
        }
        let left = server.scratch.read("pids").split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        try #require(left.count == 2)
        for pid in left {
            try await eventually("process \(pid) is gone on the machine") {
                guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
                return stat.contains(") Z ")
            }
        }
    }
}
