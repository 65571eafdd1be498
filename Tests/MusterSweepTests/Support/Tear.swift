import Foundation
import SweepWire

/// What a power loss may leave of the store's files: of what was acknowledged, all; of what was being written, anything.
enum Tear {
    enum Way: String, CaseIterable, Sendable {
        /// The log ends somewhere within what was being written.
        case cut
        /// Some bytes of it are others.
        case flipped
        /// A sector of it never reached the disk.
        case zeroed
        /// A checkpoint was copying pages from the log into the main file: those there are garbage, and the log has them.
        case checkpoint
    }

    /// Tears the files of a dead engine. Returns false when nothing was being written.
    static func tear(_ way: Way, _ orders: EngineOrders, _ random: inout some RandomNumberGenerator) throws -> Bool {
        let database = orders.state + "/muster.sqlite"
        guard let log = WriteAheadLog(path: database + "-wal"), let acknowledged = acknowledged(orders) else { return false }
        if way == .checkpoint {
            guard log.salt == acknowledged.salt, let whole = WriteAheadLog(path: database + "-wal", through: acknowledged.end) else {
                return false
            }
            // The first page's head never changes.
            return try tearPages(database, Set(whole.pages).subtracting([1]), &random)
        }
        // A log begun anew holds nothing acknowledged but what was checkpointed before.
        let start = log.salt == acknowledged.salt ? acknowledged.end : 0
        guard start < log.end else { return false }
        let place = Int.random(in: start..<log.end, using: &random)
        let descriptor = open(database + "-wal", O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        switch way {
        case .cut: ftruncate(descriptor, off_t(place))
        case .flipped:
            for _ in 1...Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: start..<log.end, using: &random)
                var byte: UInt8 = 0
                pread(descriptor, &byte, 1, off_t(place))
                byte ^= UInt8.random(in: 1...255, using: &random)
                pwrite(descriptor, &byte, 1, off_t(place))
            }
        default:
            let sector = max(start, place / 512 * 512)
            let zeros = [UInt8](repeating: 0, count: min(512, log.end - sector))
            pwrite(descriptor, zeros, zeros.count, off_t(sector))
        }
        return true
    }

    private static func acknowledged(_ orders: EngineOrders) -> WriteAheadLog? {
        FileManager.default.contents(atPath: orders.acknowledged).flatMap { try? JSONDecoder().decode(WriteAheadLog.self, from: $0) }
    }

    private static func tearPages(_ database: String, _ pages: Set<Int>, _ random: inout some RandomNumberGenerator) throws -> Bool {
        let descriptor = open(database, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        for page in pages.sorted() where Bool.random(using: &random) {
            let garbage = (0..<2_048).map { _ in UInt8.random(in: 0...255, using: &random) }
            pwrite(descriptor, garbage, garbage.count, off_t((page - 1) * 4_096 + Int.random(in: 0...2_048, using: &random)))
        }
        return !pages.isEmpty
    }
}
