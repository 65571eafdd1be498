/// TFTP packets as bytes (RFC 1350 section 5, RFC 2347).
extension TFTPPacket {
    private enum Operation {
        static let read: UInt16 = 1
        static let write: UInt16 = 2
        static let data: UInt16 = 3
        static let acknowledge: UInt16 = 4
        static let error: UInt16 = 5
        static let options: UInt16 = 6
    }

    /// Errors: `MalformedPacket`.
    init(decoding bytes: some Sequence<UInt8>) throws {
        var reader = ByteReader(bytes)
        switch try reader.word() {
        case Operation.read: self = .read(try Self.request(&reader))
        case Operation.write: self = .write(try Self.request(&reader))
        case Operation.data:
            let block = try reader.word()
            self = .data(block: block, Array(reader.remaining))
        case Operation.acknowledge: self = .acknowledge(block: try reader.word())
        case Operation.error:
            let code = TFTPErrorCode(rawValue: try reader.word())
            // Some clients leave the text's ending zero out, or write what is no ASCII: the number is enough.
            self = .error(code, (try? reader.text()) ?? "")
        case Operation.options: self = .options(try Self.options(&reader))
        default: throw MalformedPacket(.badOperation)
        }
    }

    private static func request(_ reader: inout ByteReader) throws -> TFTPRequest {
        let file = try reader.text()
        let mode = try reader.text()
        guard !file.isEmpty, !mode.isEmpty else { throw MalformedPacket(.badText) }
        return TFTPRequest(file: file, mode: mode, options: try options(&reader))
    }

    private static func options(_ reader: inout ByteReader) throws -> [TFTPOption] {
        var options: [TFTPOption] = []
        // Firmware pads requests with zeros; a zero is no option's beginning.
        while let next = reader.remaining.first, next != 0 {
            options.append(TFTPOption(name: try reader.text(), value: try reader.text()))
        }
        return options
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .read(let request):
            bytes.append(word: Operation.read)
            bytes.append(request)
        case .write(let request):
            bytes.append(word: Operation.write)
            bytes.append(request)
        case .data(let block, let octets):
            bytes.append(word: Operation.data)
            bytes.append(word: block)
            bytes += octets
        case .acknowledge(let block):
            bytes.append(word: Operation.acknowledge)
            bytes.append(word: block)
        case .error(let code, let text):
            bytes.append(word: Operation.error)
            bytes.append(word: code.rawValue)
            bytes.append(text: text)
        case .options(let options):
            bytes.append(word: Operation.options)
            options.forEach { bytes.append($0) }
        }
        return bytes
    }
}

extension Array<UInt8> {
    fileprivate mutating func append(text: String) { append(contentsOf: Array(text.utf8) + [0]) }
    fileprivate mutating func append(_ option: TFTPOption) {
        append(text: option.name)
        append(text: option.value)
    }
    fileprivate mutating func append(_ request: TFTPRequest) {
        append(text: request.file)
        append(text: request.mode)
        request.options.forEach { append($0) }
    }
}
