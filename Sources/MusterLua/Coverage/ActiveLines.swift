/// Reads from bytecode (Lua 5.4, `lua_dump`) which lines of a source have something to execute: Lua tells it of functions only, and of
/// those that nobody called there is none.
struct ActiveLines {
    private(set) var lines: Set<Int> = []
    private let bytes: [UInt8]
    private var position = 0

    /// Nil for bytes that are no bytecode of Lua 5.4 on this machine.
    init?(bytecode: [UInt8]) {
        bytes = bytecode
        // Signature, version, format, check data (6), three sizes, check numbers, the count of upvalues.
        guard bytes.count > 33, bytes.starts(with: [0x1B, 0x4C, 0x75, 0x61, 0x54, 0]), Array(bytes[12..<15]) == [4, 8, 8] else {
            return nil
        }
        position = 32
        function(isMain: true)
        guard position == bytes.count else { return nil }
    }

    private mutating func byte() -> UInt8 {
        defer { position += 1 }
        return position < bytes.count ? bytes[position] : 0x80
    }

    /// Seven bits a byte, the highest first; the last byte is marked.
    private mutating func number() -> Int {
        var result = 0
        while position < bytes.count {
            let next = byte()
            result = result << 7 | Int(next & 0x7F)
            if next & 0x80 != 0 { break }
        }
        return result
    }

    private mutating func skip(_ count: Int) { position = min(bytes.count, position + max(0, count)) }

    private mutating func text() {
        let size = number()
        if size > 0 { skip(size - 1) }
    }

    private mutating func function(isMain: Bool = false) {
        text()
        let first = number()
        _ = number()
        skip(3)
        skip(number() * 4)
        for _ in 0..<number() { constant() }
        skip(number() * 3)
        for _ in 0..<number() where position < bytes.count { function() }
        debug(from: first, isMain)
    }

    private mutating func constant() {
        switch byte() {
        case 0x03, 0x13: skip(8)
        case 0x04, 0x14: text()
        default: break
        }
    }

    private mutating func debug(from first: Int, _ isMain: Bool) {
        let count = number()
        let start = position
        skip(count)
        var absolute: [Int: Int] = [:]
        for _ in 0..<number() where position < bytes.count {
            let place = number()
            absolute[place] = number()
        }
        take(bytes[min(start, bytes.count)..<min(start + count, bytes.count)], absolute, from: first, isMain)
        for _ in 0..<number() where position < bytes.count {
            text()
            _ = number()
            _ = number()
        }
        for _ in 0..<number() where position < bytes.count { text() }
    }

    private mutating func take(_ deltas: ArraySlice<UInt8>, _ absolute: [Int: Int], from first: Int, _ isMain: Bool) {
        var line = first
        for (place, delta) in deltas.enumerated() {
            line = delta == 0x80 ? absolute[place] ?? line : line + Int(Int8(bitPattern: delta))
            // Every function ends with a return of the compiler's own, and a main function begins with taking its environment.
            if place == deltas.count - 1 || (isMain && place < 2) { continue }
            lines.insert(line)
        }
    }
}
