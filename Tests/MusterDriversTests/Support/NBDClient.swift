import Foundation
import MusterCore

/// A small NBD client that tells what the server acknowledged (NBD protocol: fixed newstyle, `NBD_OPT_GO`, simple replies).
/// Blocks.
final class NBDClient: @unchecked Sendable {
    struct Gone: Error {}

    private let file: Int32
    private var nextHandle: UInt64 = 0

    /// Connects and takes the export. Throws `Gone` when the server refuses or is not there.
    init(_ export: Export, name: String? = nil) throws {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = UDP.address(export.host, export.port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Gone() }
        try negotiate(name ?? export.name)
    }

    deinit { close(file) }

    private func negotiate(_ name: String) throws {
        guard try receive(18).prefix(16).elementsEqual("NBDMAGICIHAVEOPT".utf8) else { throw Gone() }
        try send(number(3, 4))  // fixed newstyle, no zeroes
        let data = number(UInt64(name.utf8.count), 4) + Array(name.utf8) + number(0, 2)
        try send(Array("IHAVEOPT".utf8) + number(7, 4) + number(UInt64(data.count), 4) + data)
        while true {
            let header = try receive(20)
            _ = try receive(Int(value(header[16..<20])))
            let kind = value(header[12..<16])
            if kind == 1 { return }
            guard kind == 3 else { throw Gone() }  // NBD_REP_INFO, else an error
        }
    }

    /// Sends a write without waiting for its answer; returns its handle.
    func submitWrite(at offset: UInt64, _ bytes: [UInt8]) throws -> UInt64 {
        try submit(command: 1, offset: offset, length: bytes.count, bytes)
    }

    /// Waits for the next answer; returns its handle.
    func acknowledgement() throws -> UInt64 {
        let reply = try receive(16)
        guard value(reply[0..<4]) == 0x6744_6698, value(reply[4..<8]) == 0 else { throw Gone() }
        return value(reply[8..<16])
    }

    func write(at offset: UInt64, _ bytes: [UInt8]) throws {
        _ = try submitWrite(at: offset, bytes)
        _ = try acknowledgement()
    }

    func flush() throws {
        _ = try submit(command: 3, offset: 0, length: 0, [])
        _ = try acknowledgement()
    }

    private func submit(command: UInt64, offset: UInt64, length: Int, _ bytes: [UInt8]) throws -> UInt64 {
        nextHandle += 1
        try send(
            number(0x2560_9513, 4) + number(command, 4) + number(nextHandle, 8) + number(offset, 8)
                + number(UInt64(length), 4) + bytes)
        return nextHandle
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Gone() }
            sent += count
        }
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let piece = bytes[received...].withUnsafeMutableBytes { recv(file, $0.baseAddress, $0.count, 0) }
            guard piece > 0 else { throw Gone() }
            received += piece
        }
        return bytes
    }

    private func number(_ value: UInt64, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64(size - 1 - $0))) }
    }

    private func value(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
