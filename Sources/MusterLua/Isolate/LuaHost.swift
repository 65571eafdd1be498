import CLuaShim
import MusterCore

/// What the C side calls: the host functions by index, and the module loader. Never calls Lua itself.
final class LuaHost {
    let functions: [LuaHostFunction]
    private let modules: LuaModuleLoader
    private var answer = FlatWriter()

    init(functions: [LuaHostFunction], modules: @escaping LuaModuleLoader) {
        self.functions = functions
        self.modules = modules
    }

    deinit { answer.free() }

    private func call(_ index: Int, strand: UInt64, arguments: mlua_bytes) -> Int32 {
        var reader = FlatReader(arguments)
        let call = LuaCall(strand: strand == 0 ? nil : LuaStrand(handle: strand), arguments: reader.readValues())
        answer.clear()
        do throws(MusterError) {
            answer.write(try functions[index].body?(call) ?? [])
            return 0
        } catch {
            answer.write(error)
            return 1
        }
    }

    private func load(_ request: LuaModuleRequest) -> Int32 {
        answer.clear()
        do throws(MusterError) {
            guard let source = try modules(request) else { return Int32(MLUA_MODULE_ABSENT) }
            answer.write([.string(source.name), .string(source.text)])
            return Int32(MLUA_MODULE_FOUND)
        } catch {
            answer.write(error)
            return Int32(MLUA_MODULE_ERROR)
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> LuaHost {
        guard let context else { preconditionFailure("the isolate has a host") }
        return Unmanaged<LuaHost>.fromOpaque(context).takeUnretainedValue()
    }

    static let call: @convention(c) (UnsafeMutableRawPointer?, Int32, UInt64, mlua_bytes, UnsafeMutablePointer<mlua_bytes>) -> Int32 = {
        context, index, strand, arguments, result in
        let host = LuaHost.of(context)
        let status = host.call(Int(index), strand: strand, arguments: arguments)
        result.pointee = host.answer.bytes
        return status
    }

    static let load: @convention(c) (UnsafeMutableRawPointer?, Int32, mlua_bytes, UnsafeMutablePointer<mlua_bytes>) -> Int32 = {
        context, chunk, name, result in
        let host = LuaHost.of(context)
        let text = String(decoding: UnsafeRawBufferPointer(start: name.start, count: name.length), as: UTF8.self)
        let status = host.load(LuaModuleRequest(name: text, chunk: LuaChunk(number: chunk)))
        result.pointee = host.answer.bytes
        return status
    }
}
