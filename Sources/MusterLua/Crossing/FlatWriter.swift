import CLuaShim
import MusterCore

/// Values as flat bytes, written into one block that is kept from crossing to crossing: no object is made on the way to Lua.
struct FlatWriter {
    private var start: UnsafeMutableRawPointer
    /// Where the next byte goes.
    private var next: UnsafeMutableRawPointer
    private var end: UnsafeMutableRawPointer

    /// Bytes that are free before whatever is written: more than a key's slot and a plain value need.
    private static let slack = 16

    /// The texts that the other side keeps; nil when nobody tells whether it took them.
    let kept: KeptTexts?

    init(kept: KeptTexts? = nil) {
        self.kept = kept
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

    /// Makes room for so many bytes, and for one plain value after them: whatever is written leaves that much, so that most writes
    /// need not look.
    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if end - next < more + Self.slack { grow(by: more + Self.slack) }
    }

    @inline(__always)
    private mutating func tag(_ tag: Int) {
        next.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
        next += 1
        reserve(0)
    }

    /// A tag and eight bytes.
    @inline(__always)
    private mutating func word(_ tag: Int, _ bits: UInt64) {
        next.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
        next.storeBytes(of: bits, toByteOffset: 1, as: UInt64.self)
        next += 9
        reserve(0)
    }

    /// A tag and a count of elements.
    @inline(__always)
    private mutating func header(_ tag: Int, _ elements: Int) {
        next.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
        next.storeBytes(of: UInt32(truncatingIfNeeded: elements), toByteOffset: 1, as: UInt32.self)
        next += 5
        reserve(0)
    }

    /// Names the slot in which the other side keeps a text; false, and nothing written, when it keeps it nowhere.
    @inline(__always)
    private mutating func name(_ bits: KeptTexts.Bits) -> Bool {
        let slot = KeptTexts.slot(of: bits)
        guard let kept, kept.holds(bits, at: slot) else { return false }
        next.storeBytes(of: UInt16(truncatingIfNeeded: MLUA_TEXT | slot << 8), as: UInt16.self)
        next += 2
        return true
    }

    // Not copied into its callers: that was faster by itself, and pushed so much else out of the processor's instruction cache that
    // an event took longer.
    @inline(never)
    private mutating func append(_ text: String) {
        var text = text
        let slot = KeptTexts.slot(of: KeptTexts.bits(text))
        let keeps = kept?.take(text, at: slot) ?? false
        text.withUTF8 { bytes in
            reserve(bytes.count + 6)
            if keeps {
                next.storeBytes(of: UInt16(truncatingIfNeeded: MLUA_NEW_TEXT | slot << 8), as: UInt16.self)
                next += 2
            } else {
                next.storeBytes(of: UInt8(truncatingIfNeeded: MLUA_STRING), as: UInt8.self)
                next += 1
            }
            next.storeBytes(of: UInt32(truncatingIfNeeded: bytes.count), as: UInt32.self)
            next += 4
            if let base = bytes.baseAddress { next.copyMemory(from: base, byteCount: bytes.count) }
            next += bytes.count
        }
    }

    mutating func write(_ value: borrowing Value) {
        switch value {
        case .null: tag(MLUA_NULL)
        case .bool(let flag): tag(flag ? MLUA_TRUE : MLUA_FALSE)
        case .int(let number): word(MLUA_INTEGER, UInt64(bitPattern: number))
        case .double(let number): word(MLUA_NUMBER, number.bitPattern)
        case .string(let content): if !name(KeptTexts.bits(content)) { append(content) } else { reserve(0) }
        case .array(let items): write(items)
        case .object(let fields):
            header(MLUA_OBJECT, fields.count)
            fields.withUnsafeBufferPointer { fields in
                for index in fields.indices {
                    // A name and the slot of a text fit in what is always left: only what is written in full looks for room.
                    if !name(KeptTexts.bits(fields[index].key)) { append(fields[index].key) }
                    switch fields[index].value {
                    // Most fields are texts, for which another call costs more than the look.
                    case .string(let content): if !name(KeptTexts.bits(content)) { append(content) } else { reserve(0) }
                    default: write(fields[index].value)
                    }
                }
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
        var fields: Fields = ["code": .string(error.code.rawValue), "message": .string(error.message)]
        fields["hint"] = error.hint.map(Value.string)
        fields["place"] = error.place.map(Value.string)
        fields["resource"] = error.subject.map(Value.string)
        fields["traceback"] = error.traceback.map(Value.string)
        write(.object(fields))
    }
}
