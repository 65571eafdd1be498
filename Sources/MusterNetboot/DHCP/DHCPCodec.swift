/// DHCP messages as bytes (RFC 2131 section 2, options: RFC 2132 section 2, long options: RFC 3396).
extension DHCPMessage {
    private static let cookie: UInt32 = 0x6382_5363
    /// Some clients drop anything shorter than a BOOTP message.
    private static let minimumLength = 300
    private static let serverNameLength = 64
    private static let bootFileLength = 128

    /// Errors: `MalformedPacket`.
    init(decoding bytes: [UInt8]) throws {
        var reader = ByteReader(bytes)
        guard let operation = Operation(rawValue: try reader.octet()) else { throw MalformedPacket(.badOperation) }
        self.operation = operation
        hardwareType = try reader.octet()
        let hardwareLength = Int(try reader.octet())
        guard hardwareLength <= 16 else { throw MalformedPacket(.badHardware) }
        hops = try reader.octet()
        transaction = try reader.long()
        seconds = try reader.word()
        flags = try reader.word()
        clientAddress = try reader.address()
        yourAddress = try reader.address()
        nextServer = try reader.address()
        relay = try reader.address()
        hardwareAddress = Array(try reader.take(16).prefix(hardwareLength))
        let serverNameField = try reader.take(Self.serverNameLength)
        let bootFileField = try reader.take(Self.bootFileLength)
        guard try reader.long() == Self.cookie else { throw MalformedPacket(.badCookie) }

        var collected = OptionCollector()
        try collected.add(reader.remaining)
        let overload = collected.remove(DHCPOption.Code.overload)?.first ?? 0
        guard overload <= 3 else { throw MalformedPacket(.badOption) }
        if overload & 1 != 0 { try collected.add(bootFileField) }
        if overload & 2 != 0 { try collected.add(serverNameField) }
        // An overload option inside an overloaded field has no meaning.
        _ = collected.remove(DHCPOption.Code.overload)
        serverName = overload & 2 != 0 ? [] : Array(serverNameField.prefix { $0 != 0 })
        bootFile = overload & 1 != 0 ? [] : Array(bootFileField.prefix { $0 != 0 })
        options = collected.options
        try checkLengths()
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = [operation.rawValue, hardwareType, UInt8(min(16, hardwareAddress.count)), hops]
        bytes.append(long: transaction)
        bytes.append(word: seconds)
        bytes.append(word: flags)
        for address in [clientAddress, yourAddress, nextServer, relay] { bytes.append(long: address.number) }
        bytes.append(hardwareAddress, paddedTo: 16)
        bytes.append(serverName, paddedTo: Self.serverNameLength)
        bytes.append(bootFile, paddedTo: Self.bootFileLength)
        bytes.append(long: Self.cookie)
        for option in options {
            var rest = option.octets[...]
            repeat {
                let piece = rest.prefix(255)
                bytes.append(contentsOf: [option.code, UInt8(piece.count)] + piece)
                rest = rest.dropFirst(piece.count)
            } while !rest.isEmpty
        }
        bytes.append(DHCPOption.Code.end)
        bytes.append([], paddedTo: max(0, Self.minimumLength - bytes.count))
        return bytes
    }

    /// The options that decisions hang on must have the length their definition says.
    private func checkLengths() throws {
        let lengths: [UInt8: Int] = [
            DHCPOption.Code.messageType: 1, DHCPOption.Code.requestedAddress: 4, DHCPOption.Code.serverIdentifier: 4,
        ]
        for option in options {
            if let length = lengths[option.code], option.octets.count != length { throw MalformedPacket(.badOption) }
        }
        if let type = self[DHCPOption.Code.messageType]?.first, DHCPMessageType(rawValue: type) == nil {
            throw MalformedPacket(.badValue)
        }
    }
}

/// Puts the options of several fields together, pieces of one option in the order they come.
private struct OptionCollector {
    private(set) var options: [DHCPOption] = []
    private var places: [UInt8: Int] = [:]

    mutating func add(_ field: ArraySlice<UInt8>) throws {
        var reader = ByteReader(field)
        while !reader.isAtEnd {
            let code = try reader.octet()
            if code == DHCPOption.Code.pad { continue }
            if code == DHCPOption.Code.end { return }
            let octets = try reader.take(Int(try reader.octet()))
            if let place = places[code] {
                options[place].octets += octets
            } else {
                places[code] = options.count
                options.append(DHCPOption(code, Array(octets)))
            }
        }
    }

    mutating func remove(_ code: UInt8) -> [UInt8]? {
        guard let place = places[code] else { return nil }
        let octets = options.remove(at: place).octets
        places = Dictionary(uniqueKeysWithValues: options.enumerated().map { ($1.code, $0) })
        return octets
    }
}
