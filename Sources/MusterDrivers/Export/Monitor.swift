import Foundation
import MusterCore

/// A blocking QMP client for one export process (QEMU Machine Protocol specification).
final class Monitor {
    private let file: Int32
    private var buffer: [UInt8] = []
    private let watch = Stopwatch()
    private let timeout: Int64
    /// The events seen while waiting for answers.
    private(set) var events: [Value] = []

    struct Failure: Error {
        let words: String
    }

    /// Connects to the socket in an export's folder and takes up the protocol. `timeout` bounds the whole conversation, in
    /// milliseconds.
    init(folder: ExportFolder, timeout: Int64) throws {
        self.timeout = timeout
        file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard file >= 0 else { throw Failure(words: "no socket") }
        try connect(folder)
        _ = try receive { $0["QMP"] != .null }
        try execute("qmp_capabilities")
    }

    deinit { close(file) }

    private func connect(_ folder: ExportFolder) throws {
        // Through the folder's descriptor, since a state directory's path may be longer than a socket address.
        let directory = Glibc.open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Failure(words: "no folder") }
        defer { close(directory) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("/proc/self/fd/\(directory)/\(ExportFolder.monitorName)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw Failure(words: "its monitor does not listen") }
    }

    /// Runs a command and returns its answer. Throws `Failure` when it is refused, or the process goes away or is silent.
    @discardableResult
    func execute(_ command: String, _ arguments: Fields = [:]) throws -> Value {
        let request = Value.object(["execute": .string(command), "arguments": .object(arguments)]).json + "\n"
        guard
            Array(request.utf8).withUnsafeBytes({ send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
                == request.utf8.count
        else { throw Failure(words: "\(command): it is gone") }
        let answer = try receive { $0["return"] != .null || $0["error"] != .null }
        if let text = answer["error"]["desc"].string { throw Failure(words: "\(command): \(text)") }
        return answer["return"]
    }

    func saw(event: String, id: String) -> Bool {
        events.contains { $0["event"] == .string(event) && $0["data"]["id"] == .string(id) }
    }

    private func receive(until wanted: (Value) -> Bool) throws -> Value {
        while true {
            let message = try Value(json: try line())
            if message["event"] != .null { events.append(message) }
            if wanted(message) { return message }
        }
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let left = timeout - watch.elapsed
            var readiness = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&readiness, 1, Int32(left)) > 0 else { throw Failure(words: "its monitor does not answer") }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = recv(file, &chunk, chunk.count, 0)
            guard count > 0 else { throw Failure(words: "its monitor closed") }
            buffer += chunk[..<count]
        }
    }
}
