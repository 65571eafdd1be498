import MusterCore
import MusterEngine

/// What an agent's answer to `action=status` says.
///
/// The exit status alone is no reading: 2 is "off", and also what agents and shells end with when they did not understand their options
/// (FenceAgentAPI: 0 on, 2 off). So its own words must say the same.
enum AgentReading {
    /// Errors: `agent_failed` for everything that is neither on nor off.
    static func power(_ result: ProgramResult, of program: AgentProgram) throws -> Power {
        let words = result.output.lowercased().split { !$0.isLetter }
        let (saysOn, saysOff) = (words.contains("on"), words.contains("off"))
        switch result.code {
        case 0 where !saysOff: return .on
        case 2 where saysOff && !saysOn: return .off
        default: throw failure(result, of: program)
        }
    }

    /// Why an agent could not do what it was asked for.
    static func failure(_ result: ProgramResult, of program: AgentProgram) -> MusterError {
        // What was cut off may end within a secret.
        let said = result.isCut ? nil : program.lastWords(result.errors) ?? program.lastWords(result.output)
        let hint: String? =
            switch result.code {
            case 3, 10, 11: "check its user and its password; store the right one with `muster secret set`"
            case 4, 5: "check its address and port, and that the device has power"
            default: "try it by hand with the same options and action=status (man \(program.name))"
            }
        return MusterError(
            "agent_failed", "\(program.name) ended with the status \(result.code)\(said.map { ": \($0)" } ?? "")", hint: hint,
            subject: program.name)
    }
}
