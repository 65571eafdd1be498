import Foundation
import MusterCore
import MusterEngine
import Testing

@testable import MusterScripting

/// The schema says what the engine does, neither more nor less.
@Suite struct SchemaTests {
    @Test func itsEffectsAreTheEngines() {
        #expect(Set(Schema.calls.flatMap(\.effects)).sorted() == Effects.names)
    }

    @Test func itsCallsExistInTheLibrary() async throws {
        let scene = try await Scene(hooks: nil)
        let tables = Schema.tables.flatMap { table in Schema.names(of: table.functions).map { "\(table.name).\($0)" } }
        let names = tables + Schema.functions.map(\.name)
        let script =
            "for _, name in ipairs { \(names.map { "\"\($0)\"" }.joined(separator: ", ")) } do local value = _ENV for part in name:gmatch('[^.]+') do value = value[part] end assert(type(value) == 'function', name) end return 'all'"
        let id = try await scene.scripting.runScript(source: script, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        let run = try #require(try await scene.store.run(id))
        #expect(run.result == "all", "\(String(describing: run.error))")
    }

    @Test func theFieldsOfItsSnapshotsAreTheEngines() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        let engine = try await scene.engine()
        let values = [engine.resourceValues, engine.serverValues, engine.imageValues].flatMap { $0.array ?? [] }
        for value in values + [engine.eventValue(try #require(try await scene.events().last))] {
            let kind = try #require(Schema.class(value[Value.typeKey].string ?? ""))
            let given = Set((value.object ?? [:]).keys).subtracting([Value.typeKey])
            #expect(given.subtracting(kind.fields.map(\.name)).isEmpty, "\(kind.name)")
            #expect(Set(kind.fields.filter { !$0.isOptional }.map(\.name)).subtracting(given).isEmpty, "\(kind.name)")
        }
    }

    @Test func itsEventsAreThoseThatTheSourcesEmit() throws {
        var found: Set<String> = []
        for (path, text) in try Self.sources(of: ["MusterEngine", "MusterScripting", "muster"]) where !path.contains("/Schema/") {
            for match in text.matches(of: /(?:emit|note)\(\s*(?:[^"()]*\?\s*)?"([a-z]+\.[a-z_]+)"(?:\s*:\s*"([a-z]+\.[a-z_]+)")?/) {
                found.insert(String(match.1))
                if let other = match.2 { found.insert(String(other)) }
            }
        }
        #expect(found.sorted() == Schema.eventList.map(\.name).sorted())
    }

    @Test func theDataOfEventsIsWhatTheSchemaSays() async throws {
        let scene = try await Scene()
        try await scene.apply()
        try await scene.startShop()
        let host = try #require(try await scene.engine().host(of: ServerID("shop")))
        scene.fleet.change("bmc\(host.rawValue.dropFirst(4))") { $0.isFrozen = true }
        try await scene.run { $0.host(of: ServerID("shop")) != host && $0.state(of: ServerID("shop")) == .running }
        var seen: Set<String> = []
        for event in try await scene.events() {
            let known = try #require(Schema.event(event.name), "\(event.name)")
            seen.insert(event.name)
            #expect(Set(event.data.keys).subtracting(known.data.map(\.name)).isEmpty, "\(event.name)")
            for field in known.data where !field.isOptional { #expect(event.data[field.name] != nil, "\(event.name): \(field.name)") }
            #expect(event.resource == nil || known.subjects.contains(.resource), "\(event.name)")
            #expect(event.server == nil || known.subjects.contains(.server), "\(event.name)")
        }
        #expect(seen.count > 10)
    }

    @Test func itsErrorsAreThoseThatTheSourcesRaise() throws {
        var found: Set<String> = []
        for (path, text) in try Self.sources(of: [
            "MusterCore", "MusterEngine", "MusterScripting", "MusterLua", "MusterDrivers", "CLuaShim",
        ]) {
            let patterns = [
                #/static let \w+: Self = "([a-z_]+)"/#, #/MusterError\(\s*"([a-z_]+)"/#, #/code = "([a-z_]+)"/#,
                #/(?:raise_error\(L, |encode_plain_error\(m, |encode_message\(m, )"([a-z_]+)"/#,
            ]
            for pattern in patterns where !path.contains("/Schema/") { found.formUnion(text.matches(of: pattern).map { String($0.1) }) }
        }
        for (_, text) in try Self.files("stdlib") { found.formUnion(text.matches(of: /code = "([a-z_]+)"/).map { String($0.1) }) }
        #expect(found.sorted() == Schema.errors.map(\.code).sorted())
    }

    @Test func everythingIsNamedOnceAndDescribed() {
        for names in [Schema.calls.map(\.path), Schema.eventList.map(\.name), Schema.errors.map(\.code), Schema.classes.map(\.name)] {
            #expect(Set(names).count == names.count)
        }
        for call in Schema.calls { #expect(!call.doc.isEmpty && call.doc.hasSuffix(".") || call.doc.hasSuffix(")."), "\(call.path)") }
        for type in Schema.classes { for field in type.fields { #expect(!field.doc.isEmpty, "\(type.name).\(field.name)") } }
    }

    @Test func theFleetsKeysAreThoseOfTheReader() async throws {
        for word in Schema.fleetWords {
            // What a policy is told has any keys.
            guard !word.keys.isEmpty else {
                let told = try await FleetReader.read(source: word.example, file: "fleet.lua").settings.blocks
                #expect(told == ["power_saving": ["spare": 1, "after": "15m"]])
                continue
            }
            // A key that resembles none makes the reader list those it knows.
            let required = word.keys.filter { !$0.isOptional || $0.name == "mac" }.map { field in
                switch field.name {
                case "mac": #"mac = "52:54:00:77:00:01""#
                case "address": #"address = "10.77.0.1/24""#
                case "memory": #"memory = "4G""#
                default: "\(field.name) = \"x\""
                }
            }
            let fields = "{ \((required + ["qqqqqqqqqqqq = 1"]).joined(separator: ", ")) }"
            let source = word.hasName ? "\(word.name) \"x\" \(fields)" : "\(word.name) \(fields)"
            let error = await #expect(throws: MusterError.self) { try await FleetReader.read(source: source, file: "fleet.lua") }
            #expect(
                error?.hint == "the keys are " + word.keys.map(\.name).sorted().joined(separator: ", "),
                "\(word.name): \(error?.message ?? "")")
            _ = try await FleetReader.read(source: word.example, file: "fleet.lua")
        }
    }

    static func sources(of modules: [String]) throws -> [(path: String, text: String)] {
        try modules.flatMap { try files("Sources/\($0)") }
    }

    static func files(_ folder: String) throws -> [(path: String, text: String)] {
        let root = URL(fileURLWithPath: Scene.root + "/" + folder).resolvingSymlinksInPath().path
        let paths = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
        return try paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".lua") }.map {
            ("/\(folder)/\($0)", try String(contentsOfFile: root + "/" + $0, encoding: .utf8))
        }
    }
}
