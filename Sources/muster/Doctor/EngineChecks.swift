import Foundation
import MusterConsole
import MusterCore
import MusterDrivers

/// What the engine needs.
struct EngineChecks {
    let state: String
    let socket: String

    func findings() async -> [Finding] {
        [libraries, daemon] + bootFiles + [ports, stateDirectory] + (await running)
    }

    /// A program that starts has its libraries; this names those it runs with.
    private var libraries: Finding {
        let wanted = [
            ("liblua5.4.so.0", "liblua5.4-0"), ("libsqlite3.so.0", "libsqlite3-0"), ("libfreeipmi.so.17", "libfreeipmi17"),
            ("libsodium.so.23", "libsodium23"), ("libedit.so.2", "libedit2"),
        ]
        let missing = wanted.filter { !Self.loads($0.0) }
        return Finding(
            group: .engine, name: "libraries", state: missing.isEmpty ? .present : .missing,
            detail: (missing.isEmpty ? wanted : missing).map(\.0).joined(separator: " "), package: missing.first?.1)
    }

    private static func loads(_ name: String) -> Bool {
        guard let handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL) else { return false }
        dlclose(handle)
        return true
    }

    private var daemon: Finding {
        .program("qemu-storage-daemon", for: "gives machines their images", package: "qemu-system-common", .engine)
    }

    private var bootFiles: [Finding] {
        ["undionly.kpxe", "snponly.efi"].map {
            .program("/usr/lib/ipxe/\($0)", for: "boots machines over the network", package: "ipxe", .engine)
        }
    }

    /// DHCP and TFTP answer on ports 67 and 69, which are for root or a process with the capability.
    private var ports: Finding {
        let first = Self.number(in: "/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024
        let isAllowed = geteuid() == 0 || first <= 67 || Self.hasCapability(10)
        return Finding(
            group: .engine, name: "ports 67 and 69", state: isAllowed ? .present : .missing,
            detail: isAllowed ? "may be bound" : "this user may not bind them, so no machine can boot",
            remedy: "run the engine as root, or give it CAP_NET_BIND_SERVICE and CAP_NET_RAW (packaging/muster.service)")
    }

    private var stateDirectory: Finding {
        // The nearest folder that there is decides whether the directory can be made.
        var folder = state
        while !FileManager.default.fileExists(atPath: folder), folder.count > 1 {
            folder = (folder as NSString).deletingLastPathComponent
        }
        let isWritable = access(folder.isEmpty ? "." : folder, W_OK | X_OK) == 0
        return Finding(
            group: .engine, name: "state directory", state: isWritable ? .present : .missing,
            detail: isWritable ? state : "\(state) is not writable for this user",
            remedy: "choose another with --state DIR, or run as its owner")
    }

    private var running: [Finding] {
        get async {
            do {
                let status = try await ConsoleClient(socket).request("status", timeout: .seconds(30))
                let engine = Finding(
                    group: .engine, name: "engine", state: .present,
                    detail: "answers at \(socket), \(status["armed"].bool == true ? "armed" : "disarmed")")
                return [engine] + Self.hypervisors(status["virtual_machines"].int ?? 0)
                    + (status["fence_agents"].array ?? []).compactMap(\.string).map(Self.agent)
            } catch {
                let error = error as? MusterError ?? MusterError("failed", "\(error)")
                return [Finding(group: .engine, name: "engine", state: .absent, detail: error.message, remedy: error.hint)]
            }
        }
    }

    /// Whether the virtual machines of the running engine's fleet can be reached.
    static func hypervisors(_ guests: Int64) -> [Finding] {
        guard guests > 0 else { return [] }
        let error = MusterError.noDriver(forGuests: Int(guests))
        return [Finding(group: .engine, name: "hypervisor driver", state: .missing, detail: error.message, remedy: error.hint)]
    }

    /// A fence agent that the running engine's fleet names.
    static func agent(_ name: String) -> Finding {
        guard let problem = ProgramFenceAgents.problem(name) else {
            return Finding(group: .engine, name: name, state: .present, detail: "fences machines of this fleet")
        }
        return Finding(
            group: .engine, name: name, state: .missing, detail: problem.message,
            package: problem.code == "agent_missing" ? ProgramFenceAgents.package(of: name) : nil, remedy: problem.hint)
    }

    private static func number(in file: String) -> Int? {
        FileManager.default.contents(atPath: file)
            .flatMap { Int(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Whether this process has a capability, by its number in capabilities(7).
    private static func hasCapability(_ number: Int) -> Bool {
        let status = FileManager.default.contents(atPath: "/proc/self/status").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        guard let mask = line.flatMap({ UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) }) else {
            return false
        }
        return mask >> number & 1 == 1
    }
}

extension Finding {
    /// A program in the path, or a file by its whole name.
    static func program(_ path: String, for purpose: String, package: String, _ group: Group) -> Finding {
        let isHere = ProgramFile.isHere(path)
        return Finding(
            group: group, name: (path as NSString).lastPathComponent, state: isHere ? .present : .missing,
            detail: isHere ? purpose : "\(path) is not here: \(purpose)", package: package)
    }
}

/// Programs and files of other packages.
enum ProgramFile {
    static func isHere(_ path: String) -> Bool {
        if path.hasPrefix("/") { return FileManager.default.fileExists(atPath: path) }
        // The folders of system programs are in root's path only.
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(path)") }
    }
}
