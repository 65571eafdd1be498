import ArgumentParser
import MusterCore

struct HooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "Lists the hook files and what they react to.")
    @OptionGroup var engine: EngineOptions

    func run() async throws { try await engine.list("hooks", none: "no hook files", HooksView.table) }
}

enum HooksView {
    static func table(_ files: [Value]) -> Table {
        var table = Table("FILE", "HOOK", "REACTS TO", "AT")
        for file in files {
            let name = file["file"].string ?? ""
            if !file["error"].isNull {
                table.add(Table.Cell(name, .bold), .state("failed"), "", "", notes: error(file["error"]))
            }
            for (index, hook) in (file["hooks"].array ?? []).enumerated() {
                table.add(
                    Table.Cell(index == 0 ? name : "", .bold),
                    Table.Cell(hook.string ?? hook["id"].string ?? hook["name"].string ?? ""),
                    Table.Cell(trigger(hook["trigger"])), Table.Cell(hook["place"].string ?? "", .faint))
            }
        }
        return table
    }

    private static func trigger(_ value: Value) -> String {
        if let event = value["event"]["_0"].string ?? value["event"].string { return event }
        if let interval = value["timer"]["_0"].int ?? value["timer"].int {
            return "every \(Quantity.people(milliseconds: interval))"
        }
        return value.string ?? ""
    }

    private static func error(_ value: Value) -> [Table.Cell] {
        guard let error = try? value.decode(MusterError.self) else { return [Table.Cell(value.string ?? value.json, .bad)] }
        let place = error.place.map { "\($0): " } ?? ""
        return [Table.Cell(place + error.message, .bad)] + (error.hint.map { [Table.Cell("hint: \($0)", .name)] } ?? [])
    }
}
