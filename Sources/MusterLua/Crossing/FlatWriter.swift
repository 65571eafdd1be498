import CLuaShim
import MusterCore

/// Values as flat bytes, written into one block that is kept from crossing to crossing: no object is made on the way to Lua.
struct FlatWriter {
    private var start: UnsafeMutableRawPointer
    /// Where the next byte goes.
    private var next: UnsafeMutableRawPointer
    private var end: UnsafeMutableRawPointer

    init() {
        let capacity = 1024
        start = .allocate(byteCount: capacity, alignment: 8)
        next = start
        end = start + capacity
    }

    func free() { start.deallocate() }

    /// The bytes written since `clear`; valid until the next write.
    var bytes: mlua_bytes { mlua_bytes(start: start.assumingMemoryBound(to: UInt8.self), length: next - start) }

    mutating func clear() { next = start }

    @inline(never)
    private mutating func grow(by more: Int) {
        let count = next - start
        let capacity = max((end - start) * 2, count + more)
        let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        grown.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = grown
        next = grown + count
        end = grown + capacity
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if end - next < more { grow(by: more) }
    }

    @inline(__always)
    private mutating func tag(_ tag: Int) {
        reserve(1)
        next.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
        next += 1
    }

    /// A tag and eight bytes.
    @inline(__always)
    private mutating func word(_ tag: Int, _ bits: UInt64) {
        reserve(9)
        next.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
        next.storeBytes(of: bits, toByteOffset: 1, as: UInt64.self)
        next += 9
    }

    /// A tag and a count of elements.
    @inline(__always)
    private mutating func header(_ tag: Int, _ elements: Int) {
        reserve(5)
        next.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
        next.storeBytes(of: UInt32(truncatingIfNeeded: elements), toByteOffset: 1, as: UInt32.self)
        next += 5
    }

    /// A text's length and bytes, after its tag when it is a value and not a key.
    ///
    /// One function for both, which is called: two copies in its only caller were faster by themselves, and pushed so much else out
    /// of the processor's instruction cache that an event took longer.
    @inline(never)
    private mutating func text(_ text: borrowing String, isValue: Bool) {
        // Native strings, and Linux has no others, give their bytes without a copy.
        let written: Void? = text.utf8.withContiguousStorageIfAvailable { append($0, tagSize: isValue ? 1 : 0) }
        if written == nil { appendSlowly(copy text, tagSize: isValue ? 1 : 0) }
    }

    @inline(never)
    private mutating func appendSlowly(_ text: String, tagSize: Int) {
        Array(text.utf8).withUnsafeBufferPointer { append($0, tagSize: tagSize) }
    }

    @inline(__always)
    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, tagSize: Int) {
        reserve(bytes.count + 5)
        // The length overwrites a tag that is not wanted.
        next.storeBytes(of: UInt8(truncatingIfNeeded: MLUA_STRING), as: UInt8.self)
        next += tagSize
        next.storeBytes(of: UInt32(truncatingIfNeeded: bytes.count), as: UInt32.self)
        next += 4
        Self.copy(bytes, to: next)
        next += bytes.count
    }

    /// Most texts are names of a few bytes, for which a call of the library's copy costs more than the copying.
    @inline(__always)
    private static func copy(_ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableRawPointer) {
        let count = bytes.count
        guard let base = bytes.baseAddress, count > 0 else { return }
        let source = UnsafeRawPointer(base)
        if count > 16 {
            target.copyMemory(from: source, byteCount: count)
        } else if count >= 8 {
            let head = source.loadUnaligned(as: UInt64.self)
            let tail = source.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            target.storeBytes(of: head, as: UInt64.self)
            target.storeBytes(of: tail, toByteOffset: count - 8, as: UInt64.self)
        } else if count >= 4 {
            let head = source.loadUnaligned(as: UInt32.self)
            let tail = source.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            target.storeBytes(of: head, as: UInt32.self)
            target.storeBytes(of: tail, toByteOffset: count - 4, as: UInt32.self)
        } else {
            for index in 0..<count { target.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self) }
        }
    }

    mutating func write(_ value: borrowing Value) {
        switch value {
        case .null: tag(MLUA_NULL)
        case .bool(let flag): tag(flag ? MLUA_TRUE : MLUA_FALSE)
        case .int(let number): word(MLUA_INTEGER, UInt64(bitPattern: number))
        case .double(let number): word(MLUA_NUMBER, number.bitPattern)
        case .string(let content): text(content, isValue: true)
        case .array(let items): write(items)
        case .object(let fields):
            header(MLUA_OBJECT, fields.count)
            for (key, field) in fields {
                text(key, isValue: false)
                // Most fields are texts, for which another call costs more than the look.
                if case .string(let content) = field { text(content, isValue: true) } else { write(field) }
            }
        }
    }

    /// One argument.
    mutating func writeAlone(_ value: borrowing Value) {
        header(MLUA_ARRAY, 1)
        write(value)
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
