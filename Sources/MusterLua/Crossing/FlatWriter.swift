import CLuaShim
import MusterCore

/// Values as flat bytes, written into one block that is kept from crossing to crossing: no object is made on the way to Lua.
struct FlatWriter {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 1024
        start = .allocate(byteCount: capacity, alignment: 8)
    }

    func free() { start.deallocate() }

    /// The bytes written since `clear`; valid until the next write.
    var bytes: mlua_bytes { mlua_bytes(start: start.assumingMemoryBound(to: UInt8.self), length: count) }

    mutating func clear() { count = 0 }

    @inline(never)
    private mutating func grow(by more: Int) {
        capacity = max(capacity * 2, count + more)
        let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        grown.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = grown
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(by: more) }
    }

    @inline(__always)
    private mutating func tag(_ tag: Int) {
        reserve(1)
        start.storeBytes(of: UInt8(truncatingIfNeeded: tag), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// A tag and eight bytes.
    @inline(__always)
    private mutating func word(_ tag: Int, _ bits: UInt64) {
        reserve(9)
        start.storeBytes(of: UInt8(truncatingIfNeeded: tag), toByteOffset: count, as: UInt8.self)
        start.storeBytes(of: bits, toByteOffset: count + 1, as: UInt64.self)
        count += 9
    }

    /// A tag and a count of elements.
    @inline(__always)
    private mutating func header(_ tag: Int, _ elements: Int) {
        reserve(5)
        start.storeBytes(of: UInt8(truncatingIfNeeded: tag), toByteOffset: count, as: UInt8.self)
        start.storeBytes(of: UInt32(truncatingIfNeeded: elements), toByteOffset: count + 1, as: UInt32.self)
        count += 5
    }

    /// A length and the text's bytes.
    @inline(__always)
    private mutating func text(_ text: String) {
        let length = text.utf8.count
        reserve(length + 4)
        start.storeBytes(of: UInt32(truncatingIfNeeded: length), toByteOffset: count, as: UInt32.self)
        count += 4
        var text = text
        text.withUTF8 { bytes in
            guard let source = bytes.baseAddress else { return }
            start.advanced(by: count).copyMemory(from: source, byteCount: length)
        }
        count += length
    }

    mutating func write(_ value: Value) {
        switch value {
        case .null: tag(MLUA_NULL)
        case .bool(let flag): tag(flag ? MLUA_TRUE : MLUA_FALSE)
        case .int(let number): word(MLUA_INTEGER, UInt64(bitPattern: number))
        case .double(let number): word(MLUA_NUMBER, number.bitPattern)
        case .string(let content):
            tag(MLUA_STRING)
            text(content)
        case .array(let items): write(items)
        case .object(let fields):
            header(MLUA_OBJECT, fields.count)
            for (key, field) in fields {
                text(key)
                write(field)
            }
        }
    }

    mutating func write(_ items: [Value]) {
        header(MLUA_ARRAY, items.count)
        for item in items { write(item) }
    }

    /// An error as the object that scripts see.
    mutating func write(_ error: MusterError) {
        var fields: [String: Value] = ["code": .string(error.code.rawValue), "message": .string(error.message)]
        fields["hint"] = error.hint.map(Value.string)
        fields["place"] = error.place.map(Value.string)
        fields["resource"] = error.subject.map(Value.string)
        fields["traceback"] = error.traceback.map(Value.string)
        write(.object(fields))
    }
}
