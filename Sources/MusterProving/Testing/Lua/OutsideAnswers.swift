import MusterCore
import MusterEngine
import MusterSim

/// `sim.http` and `sim.program`: what the world outside answers, as tests write it.
enum OutsideAnswers {
    /// Errors: `bad_argument` with the place.
    static func prepare(_ setting: LuaTestSetting, _ outside: Outside) throws(MusterError) {
        let pattern = setting.values.first?.string ?? ""
        let given = setting.values.count > 1 ? Array(setting.values.dropFirst()) : [.object([:])]
        if setting.name == "http" {
            outside.answer(pattern, with: try given.map { (value) throws(MusterError) in try response(value, setting) })
        } else {
            outside.execute(pattern, with: try given.map { (value) throws(MusterError) in try result(value, setting) })
        }
    }

    private static func response(_ value: Value, _ setting: LuaTestSetting) throws(MusterError) -> Result<HTTPResponse, MusterError> {
        if let error = try error(value, known: ["status", "headers", "body"], setting) { return .failure(error) }
        let body = value.string ?? text(value["body"])
        let headers = (value["headers"].object ?? [:]).reduce(into: [:]) { $0[$1.key.lowercased()] = text($1.value) }
        return .success(HTTPResponse(status: Int(value["status"].int ?? 200), headers: headers, body: body))
    }

    private static func result(_ value: Value, _ setting: LuaTestSetting) throws(MusterError) -> Result<ProgramResult, MusterError> {
        if let error = try error(value, known: ["code", "output", "errors"], setting) { return .failure(error) }
        let output = value.string ?? text(value["output"])
        return .success(ProgramResult(code: Int(value["code"].int ?? 0), output: output, errors: text(value["errors"])))
    }

    /// Tables are sent as JSON.
    private static func text(_ value: Value) -> String { value.isNull ? "" : value.string ?? value.json }

    /// `{ error = "timeout" }`: no answer comes.
    private static func error(_ value: Value, known: [String], _ setting: LuaTestSetting) throws(MusterError) -> MusterError? {
        let fields = value.object ?? [:]
        for key in fields.keys.sorted() where key != "error" && !known.contains(key) {
            let hint = Spelling.nearest(key, known).map { "did you mean \($0)?" }
            throw MusterError(
                .badArgument, "sim.\(setting.name): an answer has no \"\(key)\"",
                hint: hint ?? "it has " + (known + ["error"]).joined(separator: ", "),
                place: setting.place)
        }
        return fields["error"]?.string.map { MusterError(MusterError.Code(rawValue: $0), "\($0), as the test says") }
    }
}
