import Foundation

/// A UDP relay in front of a simulated BMC that loses packets on the test's word.
final class Relay: @unchecked Sendable {
    let address = LoopbackAddress.next()
    private let front: Int32
    private let back: Int32
    private let target: sockaddr_in
    private let loses: @Sendable (_ fromController: Bool) -> Bool
    private let stopped: Int32
    private let stopping: Int32
    private let finished = DispatchSemaphore(value: 0)

    /// `loses` is asked for each packet, on the relay's thread.
    init(to bmc: SimulatedBMC, loses: @escaping @Sendable (_ fromController: Bool) -> Bool) throws {
        front = try UDP.bound(address, SimulatedBMC.port)
        back = try UDP.bound(address, 0)
        target = UDP.address(bmc.address, SimulatedBMC.port)
        self.loses = loses
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestFailure(description: "no pipe") }
        (stopped, stopping) = (ends[0], ends[1])
        let (front, back, stopped, target, finished) = (front, back, stopped, target, finished)
        Thread.detachNewThread {
            Self.work(front: front, back: back, stopped: stopped, target: target, loses: loses)
            finished.signal()
        }
    }

    deinit {
        close(stopping)
        finished.wait()
        for file in [front, back, stopped] { close(file) }
    }

    private static func work(
        front: Int32, back: Int32, stopped: Int32, target: sockaddr_in, loses: @Sendable (Bool) -> Bool
    ) {
        var client = sockaddr_in()
        while true {
            var files = [front, back, stopped].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&files, 3, -1) > 0, files[2].revents == 0 else { return }
            var packet = [UInt8](repeating: 0, count: 2048)
            if files[0].revents != 0 {
                let count = receive(front, &packet, &client)
                if count > 0, !loses(false) { send(back, packet[..<count], target) }
            }
            if files[1].revents != 0 {
                var sender = sockaddr_in()
                let count = receive(back, &packet, &sender)
                if count > 0, !loses(true) { send(front, packet[..<count], client) }
            }
        }
    }

    private static func receive(_ file: Int32, _ packet: inout [UInt8], _ sender: inout sockaddr_in) -> Int {
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let limit = packet.count
        return withUnsafeMutablePointer(to: &sender) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(file, &packet, limit, 0, $0, &size) }
        }
    }

    private static func send(_ file: Int32, _ packet: ArraySlice<UInt8>, _ receiver: sockaddr_in) {
        var receiver = receiver
        _ = withUnsafePointer(to: &receiver) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                packet.withUnsafeBytes {
                    sendto(file, $0.baseAddress, $0.count, 0, address, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }
}
