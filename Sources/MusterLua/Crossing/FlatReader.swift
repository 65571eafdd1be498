import CLuaShim
import MusterCore

/// Reads values back from flat bytes, which the C side wrote and keeps.
struct FlatReader {
    private let start: UnsafeRawPointer
    private let end: Int
    private var position = 0

    init(_ bytes: mlua_bytes) {
        // An empty result has no block; nothing is read from it then.
        start = bytes.start.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
        end = bytes.length
    }

    var isAtEnd: Bool { position >= end }

    private mutating func take<T: BitwiseCopyable>(_ type: T.Type) -> T {
        precondition(position + MemoryLayout<T>.size <= end, "truncated value")
        defer { position += MemoryLayout<T>.size }
        return start.loadUnaligned(fromByteOffset: position, as: type)
    }

    mutating func readIndex() -> Int { Int(take(Int32.self)) }

    /// Text that is not UTF-8 has its wrong bytes replaced.
    private mutating func text() -> String {
        let length = Int(take(UInt32.self))
        precondition(position + length <= end, "truncated text")
        defer { position += length }
        return String(decoding: UnsafeRawBufferPointer(start: start + position, count: length), as: UTF8.self)
    }

    mutating func readValue() -> Value {
        switch Int(take(UInt8.self)) {
        case MLUA_FALSE: return .bool(false)
        case MLUA_TRUE: return .bool(true)
        case MLUA_INTEGER: return .int(take(Int64.self))
        case MLUA_NUMBER: return .double(take(Double.self))
        case MLUA_STRING: return .string(text())
        case MLUA_ARRAY: return .array(elements())
        case MLUA_OBJECT:
            let count = Int(take(UInt32.self))
            var fields: [Fields.Element] = []
            fields.reserveCapacity(count)
            for _ in 0..<count {
                _ = take(UInt8.self)
                let key = text()
                fields.append((key, readValue()))
            }
            return .object(Fields(fields))
        default: return .null
        }
    }

    private mutating func elements() -> [Value] {
        let count = Int(take(UInt32.self))
        if count == 0 { return [] }
        if count == 1 { return [readValue()] }
        var items = [Value]()
        items.reserveCapacity(count)
        for _ in 0..<count { items.append(readValue()) }
        return items
    }

    /// An array's elements, as every crossing carries its arguments or results.
    mutating func readValues() -> [Value] {
        if isAtEnd { return [] }
        let tag = Int(take(UInt8.self))
        precondition(tag == MLUA_ARRAY, "values are an array")
        return elements()
    }

    /// Whether these are values of which there is one, in no more than so many bytes; then it is read next.
    @inline(__always)
    mutating func takeSingle(within length: Int) -> Bool {
        let header = 5
        guard end > header, end <= length, start.load(as: UInt8.self) == MLUA_ARRAY,
            start.loadUnaligned(fromByteOffset: 1, as: UInt32.self) == 1
        else { return false }
        position = header
        return true
    }

    mutating func readOptionalText() -> String? { readValue().string }
}
