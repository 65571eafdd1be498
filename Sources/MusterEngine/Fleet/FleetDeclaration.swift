import MusterCore

/// What a `fleet.lua` declares, with the place of each declaration.
public struct FleetDeclaration: Codable, Sendable, Hashable {
    public var settings = Settings()
    public var bootNetwork: BootNetwork?
    public var resources: [Declared<Resource>] = []
    public var images: [Declared<Image>] = []
    public var servers: [Declared<Server>] = []
    /// Where the fleet was declared.
    public var file: String

    public init(file: String) { self.file = file }
}

/// An object and the `file:line` that declares it.
public struct Declared<Object: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
    public var object: Object
    public var place: String
    public init(_ object: Object, place: String) {
        self.object = object
        self.place = place
    }
}

extension FleetDeclaration {
    /// What is wrong with it, all of it; empty when nothing is. Whether image files exist is the caller's to tell by `imageExists`.
    public func problems(imageExists: (Image) -> Bool, secretExists: (String) -> Bool) -> [MusterError] {
        duplicates()
            + images.compactMap { item in
                imageExists(item.object)
                    ? nil
                    : bad("image \(item.object.id): there is no file \(item.object.path)", item.place, hint: "create it, or correct path")
            } + resources.compactMap { bmcProblem($0, secretExists) } + resources.flatMap { fenceProblems($0, secretExists) }
            + guestProblems() + serverProblems() + addressProblems()
    }

    private func duplicates() -> [MusterError] {
        var problems: [MusterError] = []
        var macs: [MACAddress: ResourceID] = [:]
        var addresses: [IPv4Address: String] = [:]
        for item in resources {
            for mac in item.object.macs {
                if let other = macs.updateValue(item.object.id, forKey: mac) {
                    problems.append(
                        bad(
                            "\(item.object.kind.rawValue) \(item.object.id): MAC \(mac) is \(other)'s already", item.place,
                            hint: "each network card has one machine"))
                }
            }
            if let address = item.object.address, let other = addresses.updateValue(item.object.id.rawValue, forKey: address) {
                problems.append(
                    bad(
                        "\(item.object.kind.rawValue) \(item.object.id): address \(address) is \(other)'s already", item.place,
                        hint: "give it another"))
            }
        }
        for item in servers {
            if let address = item.object.address?.address, let other = addresses.updateValue(item.object.id.rawValue, forKey: address) {
                problems.append(
                    bad("server \(item.object.id): address \(address) is \(other)'s already", item.place, hint: "give it another"))
            }
        }
        return problems + names(resources.map { ($0.object.id.rawValue, $0.place) }, "machine")
            + names(images.map { ($0.object.id.rawValue, $0.place) }, "image")
            + names(servers.map { ($0.object.id.rawValue, $0.place) }, "server")
    }

    private func names(_ items: [(name: String, place: String)], _ noun: String) -> [MusterError] {
        var seen: [String: String] = [:]
        return items.compactMap { item in
            seen.updateValue(item.place, forKey: item.name).map {
                bad("\(noun) \(item.name) is declared twice, first at \($0)", item.place, hint: "rename or remove one")
            }
        }
    }

    /// Addresses that the boot network cannot serve.
    private func addressProblems() -> [MusterError] {
        guard let network = bootNetwork else { return [] }
        let taken =
            resources.compactMap { item in item.object.address.map { ("\(item.object.kind.rawValue) \(item.object.id)", $0, item.place) } }
            + servers.compactMap { item in item.object.address.map { ("server \(item.object.id)", $0.address, item.place) } }
        return taken.compactMap { noun, address, place in
            if address == network.address.address {
                return bad("\(noun): address \(address) is the engine's own", place, hint: "give it another")
            }
            if let first = network.rangeFirst, let last = network.rangeLast, (first...last).contains(address) {
                return bad(
                    "\(noun): address \(address) lies in the boot network's range", place,
                    hint: "the range \(first)-\(last) is for machines that are not declared")
            }
            // A server's address may be one that is routed to the network; a machine's own comes by DHCP there.
            return network.address.contains(address) || noun.hasPrefix("server")
                ? nil
                : bad(
                    "\(noun): address \(address) is outside of the boot network \(network.address)", place,
                    hint: "machines get their addresses on the boot network")
        }
    }

    private func bmcProblem(_ item: Declared<Resource>, _ secretExists: (String) -> Bool) -> MusterError? {
        guard let bmc = item.object.bmc else { return nil }
        guard let name = bmc.passwordSecret else {
            return bad(
                "\(item.object.kind.rawValue) \(item.object.id): its bmc has no password", item.place,
                hint: "write password = secret \"bmc/\(item.object.id)\" and run: muster secret set bmc/\(item.object.id)")
        }
        guard secretExists(name) else {
            return bad(
                "\(item.object.kind.rawValue) \(item.object.id): there is no secret \"\(name)\"", item.place,
                hint: "muster secret set \(name)")
        }
        if bmc.cipherSuites.contains(0) {
            return bad(
                "\(item.object.kind.rawValue) \(item.object.id): cipher suite 0 has no authentication and is refused", item.place,
                hint: "use 17 or 3")
        }
        return nil
    }

    private func fenceProblems(_ item: Declared<Resource>, _ secretExists: (String) -> Bool) -> [MusterError] {
        (item.object.fence ?? []).flatMap { rung -> [MusterError] in
            var problems = Set(rung.agent?.secrets.values ?? [:].values).sorted().compactMap { name in
                secretExists(name)
                    ? nil
                    : bad(
                        "\(item.object.kind.rawValue) \(item.object.id): there is no secret \"\(name)\"", item.place,
                        hint: "muster secret set \(name)")
            }
            // A cut export is proof once the machine has been silent for as long as it takes to fail.
            if rung.kind == .storage, let timeout = rung.timeout, timeout <= settings.failedAfter {
                problems.append(
                    bad(
                        "\(item.object.kind.rawValue) \(item.object.id): its rung \"storage\" may take \(timeout) ms, and waits for a silence of failed_after (\(settings.failedAfter) ms)",
                        item.place, hint: "give it more: { \"storage\", timeout = \"60s\" }"))
            }
            let lease = (item.object.watchdog ?? WatchdogTerms()).timeout + settings.leaseMargin
            if rung.kind == .lease, let timeout = rung.timeout, timeout <= lease {
                problems.append(
                    bad(
                        "\(item.object.kind.rawValue) \(item.object.id): its rung \"lease\" may take \(timeout) ms, and its lease with the margin runs for \(lease) ms",
                        item.place, hint: "give it more, or leave its timeout out"))
            }
            return problems
        }
    }

    private func serverProblems() -> [MusterError] {
        let known = Set(images.map(\.object.id))
        let users = Dictionary(grouping: servers.map(\.object), by: \.image).mapValues { $0.map(\.id).min() }
        return servers.flatMap { problems(of: $0, images: known, firstUser: users[$0.object.image] ?? nil) }
    }

    private func problems(of item: Declared<Server>, images known: Set<ImageID>, firstUser: ServerID?) -> [MusterError] {
        let server = item.object
        var problems: [MusterError] = []
        if !known.contains(server.image) {
            problems.append(
                bad(
                    "server \(server.id): there is no image \(server.image)", item.place,
                    hint: nearest(server.image.rawValue, images.map(\.object.id.rawValue))))
        }
        if !resources.isEmpty, !resources.contains(where: { server.fits($0.object) }) {
            problems.append(
                bad(
                    "server \(server.id) fits on no machine: it needs \(server.memoryMiB) MiB, \(server.cpus) CPUs, tags \(server.tags)",
                    item.place, hint: "the largest has \(resources.map(\.object.memoryMiB).max() ?? 0) MiB; check memory, cpus and tags"))
        }
        let machines = Set(resources.flatMap { [$0.object.id.rawValue] + $0.object.tags })
        let others = Set(servers.flatMap { [$0.object.id.rawValue, $0.object.pool].compactMap { $0 } })
        for (key, words, known, what) in [
            ("prefer", server.prefer, machines, "machine or tag"), ("avoid", server.avoid, machines, "machine or tag"),
            ("affinity", server.affinity, others, "server or pool"), ("anti_affinity", server.antiAffinity, others, "server or pool"),
        ] {
            for word in words ?? [] where !known.contains(word) {
                let nearest = Spelling.nearest(word, known.sorted()).map { "did you mean \"\($0)\"?" }
                problems.append(
                    bad("server \(server.id): \(key) names \"\(word)\", which is no \(what)", item.place, hint: nearest ?? "leave it out"))
            }
        }
        if let other = firstUser, other < server.id {
            problems.append(
                bad(
                    "server \(server.id) shares image \(server.image) with \(other)", item.place,
                    hint: "one image has one writer: copy the image"))
        }
        return problems
    }

    func bad(_ message: String, _ place: String, hint: String?) -> MusterError {
        MusterError(.badFleet, message, hint: hint, place: place)
    }

    private func nearest(_ word: String, _ candidates: [String]) -> String {
        Spelling.nearest(word, candidates).map { "did you mean \"\($0)\"?" } ?? "declare it: image \"\(word)\" { path = … }"
    }
}
