import Foundation

/// How far a SQLite write-ahead log holds committed frames (sqlite.org/fileformat2.html, section 4).
public struct WriteAheadLog: Codable, Sendable, Equatable {
    /// The salt of the log's present generation: frames with another one are left from earlier.
    public var salt: [UInt8]
    /// The byte after the last frame that ends a transaction.
    public var end: Int
    /// The numbers of the pages in committed frames; not kept in notes.
    public var pages: [Int] = []

    private enum CodingKeys: CodingKey { case salt, end }

    /// Reads the frame headers of a log file, up to some byte at most; nil when there is none yet.
    public init?(path: String, through limit: Int = .max) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 32)
        guard pread(descriptor, &header, 32, 0) == 32 else { return nil }
        let pageSize = Self.number(header, 8)
        salt = Array(header[16..<24])
        end = 32
        var place = 32
        var frame = [UInt8](repeating: 0, count: 24)
        var open: [Int] = []
        while pageSize > 0, place + 24 + pageSize <= limit, pread(descriptor, &frame, 24, off_t(place)) == 24, Array(frame[8..<16]) == salt
        {
            place += 24 + pageSize
            open.append(Self.number(frame, 0))
            guard Self.number(frame, 4) != 0 else { continue }
            end = place
            pages += open
            open = []
        }
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
}
