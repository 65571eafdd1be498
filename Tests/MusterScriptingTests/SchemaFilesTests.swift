import Foundation
import MusterCore
import Testing

@testable import MusterScripting

/// What is generated from the schema, and what Lua itself offers.
@Suite struct SchemaFilesTests {
    @Test func theCommittedFilesAreWhatTheSchemaGenerates() throws {
        for (path, text) in SchemaFiles.all.sorted(by: { $0.key < $1.key }) {
            let committed = try? String(contentsOfFile: Scene.root + "/" + path, encoding: .utf8)
            #expect(
                committed == text,
                "\(path) is not what the schema says: run \(SchemaFiles.command), or the tests with MUSTER_WRITE_SCHEMA=1")
        }
        let stubs = try FileManager.default.contentsOfDirectory(atPath: Scene.root + "/stdlib/muster/_meta")
        #expect(Set(stubs.map { "stdlib/muster/_meta/\($0)" }) == Set(SchemaFiles.all.keys.filter { $0.hasPrefix("stdlib/") }))
    }

    /// For a tree whose program does not build yet because a generated file is missing.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MUSTER_WRITE_SCHEMA"] != nil)) func writeThem() throws {
        let changed = try SchemaFiles.write(below: Scene.root)
        #expect(try SchemaFiles.write(below: Scene.root).isEmpty)
        print("wrote", changed)
    }

    @Test func whatIsWrittenIsWrittenOnce() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("schema-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try SchemaFiles.write(below: folder).count == SchemaFiles.all.count)
        #expect(try SchemaFiles.write(below: folder).isEmpty)
    }

    @Test func theStubsAreLua() async throws {
        let isolate = try Policy(limits: PolicyLimits()).isolate
        for (path, text) in SchemaFiles.all where path.hasSuffix(".lua") {
            try await isolate.perform { lua in _ = try lua.compile(.init(name: path, text: text)) }
        }
    }

    @Test func luasLibraryIsWhatTheSandboxHas() async throws {
        let scene = try await Scene(hooks: nil)
        let names = LuaLibrary.names.map { "\($0) = { \($1.map { "'\($0)'" }.joined(separator: ", ")) }" }.joined(separator: ", ")
        let script = """
            local known = { \(names) }
            local wrong = {}
            for name, members in pairs(known) do
              if _ENV[name] == nil then wrong[#wrong + 1] = name end
              local has = {}
              for _, member in ipairs(members) do
                has[member] = true
                if _ENV[name][member] == nil then wrong[#wrong + 1] = name .. "." .. member end
              end
              if type(_ENV[name]) == "table" then
                for member in pairs(_ENV[name]) do
                  if not has[member] then wrong[#wrong + 1] = "unknown " .. name .. "." .. member end
                end
              end
            end
            for _, name in ipairs { \(LuaLibrary.absent.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")) } do
              if _ENV[name] ~= nil then wrong[#wrong + 1] = "there is " .. name end
            end
            return table.concat(wrong, ", ")
            """
        let id = try await scene.scripting.runScript(source: script, file: "s.lua", operatorName: "maria")
        try await scene.run { $0.world.runs.isEmpty }
        let run = try #require(try await scene.store.run(id))
        #expect(run.result == "", "\(String(describing: run.error))")
    }
}
