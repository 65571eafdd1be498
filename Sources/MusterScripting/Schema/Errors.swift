extension Schema {
    /// Every code of the errors that scripts see: from their own calls, from the engine, from drivers and the store.
    public static let errors: [ScriptError] = inputErrors + safetyErrors + runErrors + bmcErrors + storageErrors + outsideErrors

    private static let inputErrors: [ScriptError] = [
        ScriptError("bad_json", "a request or stored value is no valid JSON", "look at the position it names"),
        ScriptError("bad_argument", "a call got a value that it cannot use", "compare with `help(\"CALL\")`"),
        ScriptError("bad_fleet", "the fleet file is wrong; nothing of it was applied", "correct the line it names"),
        ScriptError("not_found", "there is nothing of this name", "list what there is"),
        ScriptError(
            "script_error", "the script is wrong at this line: syntax, an unknown name, an operation on nil",
            "`muster check FILE`"),
        ScriptError("no_capacity", "no machine can run the server (from `muster.recover`)", "free or add a machine that fits"),
    ]

    private static let safetyErrors: [ScriptError] = [
        ScriptError("claim_alive", "the server's image may still be written by another machine", "fence that machine first"),
        ScriptError(
            "no_evidence", "nothing proves that the machine is off", "fence it, or look and `muster fence NODE --confirm-off`"),
        ScriptError("evidence_void", "the proof that it was off was contradicted by a sign of life", "fence it again"),
        ScriptError(
            "stale", "the order was decided for an earlier incarnation of the machine", "look again with `refresh()`, decide anew"
        ),
        ScriptError("disarmed", "an operator disarmed failovers", "`muster arm`"),
        ScriptError("wrong_state", "not possible now", "look at the state it names"),
        ScriptError(
            "not_fenced", "the machine was not seen off, or no rung of its fence ladder had evidence",
            "fence it first, or do what the hint says"),
        ScriptError("not_applicable", "a rung of a fence ladder does not apply to the machine", "nothing: the next one is tried"),
        ScriptError("no_agent", "the engine executes no fence agents", "fence by another rung"),
    ]

    private static let runErrors: [ScriptError] = [
        ScriptError("timeout", "it took longer than it may", "look why, or give it a longer `timeout`"),
        ScriptError(
            "cancelled", "an operator cancelled the run; cannot be caught", "`<close>` variables undo what must be undone"),
        ScriptError(
            "diverged", "in its replay the run did something else than the journal says; cannot be caught",
            "compare both sides that it shows"),
        ScriptError(
            "asking", "a step may or may not have happened before a restart", "look, then cancel the run or start it anew"),
        ScriptError(
            "budget", "the script computed too long without waiting; cannot be caught",
            "look for a loop without end, or split the work with `sleep`"),
        ScriptError("memory", "the policy's memory is used up; cannot be caught", "look for a table that only grows"),
        ScriptError("cannot_yield", "a step inside table.sort, string.gsub or a metamethod", "collect first, act afterwards"),
        ScriptError(
            "step_limit", "the run took more steps than it may; cannot be caught",
            "look for a loop without end, or raise `step_limit`"),
        ScriptError(
            "journal_limit", "the arguments and results of the run's steps take more bytes than they may; cannot be caught",
            "ask for less, end the loop by `continue_as`, or raise `journal_limit`"),
        ScriptError(
            "restored", "the run was under way in the backup that the engine was restored from", "look, then start it anew"),
        ScriptError("reserved", "another run keeps the machine", "`reserve` it, and wait for it"),
        ScriptError("top_level", "a step at a hook file's top level", "move it into a handler"),
        ScriptError("stuck", "the script hung inside one library call and was given up", "look for a pattern that backtracks"),
        ScriptError("abandoned", "its policy was given up because another run hung in it", "nothing: it is started again"),
        ScriptError(
            "code_missing", "the code that the run began with is not in the store", "restore the state directory from a backup"),
        ScriptError("internal", "Muster itself failed", "report it with what `muster runs show` prints"),
    ]

    private static let bmcErrors: [ScriptError] = [
        ScriptError("no_bmc", "the machine has no BMC", "add `bmc = { … }` to its entry in the fleet file"),
        ScriptError("bmc_silent", "its BMC does not answer", "check its address, cable and power"),
        ScriptError("bmc_password", "its BMC refuses the password", "`muster secret set NAME`"),
        ScriptError("bmc_user", "its BMC does not know the user", "correct `user` in the fleet file"),
        ScriptError("bmc_privilege", "the BMC's user may not do this", "give it the operator or administrator level"),
        ScriptError("bmc_busy", "its BMC is busy or has no session left", "it is tried again; end other sessions"),
        ScriptError("bmc_cipher", "its BMC offers no cipher suite that is allowed", "add one to `cipher_suites`; 0 is refused"),
        ScriptError("bmc_protocol", "its BMC answered with something unexpected", "try a workaround flag of libfreeipmi"),
        ScriptError("bmc_identity", "the BMC belongs to another machine", "correct its address in the fleet file"),
        ScriptError(
            "bmc_contradicted", "its BMC, or the agent in its place, reads off while the machine speaks: it is another machine's, or lies",
            "correct its address in the fleet file, or its cabling"),
        ScriptError("still_on", "it was ordered off and its BMC still reads on", "switch it off by hand, then confirm"),
        ScriptError("still_off", "it was ordered on and still reads off", "look at it, and at what switches it"),
        ScriptError("agent_missing", "the program of its fence agent is not there", "install it as the hint says"),
        ScriptError("agent_unfit", "its fence agent, or an option of it, cannot prove that a machine is off", "do what the hint says"),
        ScriptError("agent_failed", "its fence agent ended with an error", "try it by hand with the same options"),
        ScriptError("no_hypervisor_driver", "the engine has no driver for hypervisors", "fence by another rung"),
        ScriptError("hypervisor_silent", "its hypervisor does not answer", "look at the hypervisor and its network"),
        ScriptError("hypervisor_refused", "its hypervisor refuses the order", "look at the reason it gives"),
        ScriptError(
            "guest_absent", "its hypervisor does not have it, and nothing proves that it is off: it was moved by hand",
            "declare the hypervisor that has it"),
        ScriptError("guest_identity", "its hypervisor has another virtual machine of its name", "rename one of them"),
        ScriptError("machine_failed", "the machine failed while it was waited for", "nothing: its own event follows"),
        ScriptError(
            "not_started", "a server became ready on none of the machines that were tried", "look at its image and its readiness check"),
        ScriptError("not_ready", "the readiness check did not pass", "look at the server's console"),
    ]

    private static let storageErrors: [ScriptError] = [
        ScriptError("store_locked", "another engine uses the state directory", "stop it, or name another directory"),
        ScriptError("store_corrupt", "the state cannot be read", "restore a backup"),
        ScriptError("store_full", "the disk is full; nothing new is accepted", "free space"),
        ScriptError("store_failed", "the state could not be written", "look at the disk and the log"),
        ScriptError("store_term", "another engine has taken over", "look which engine should run"),
        ScriptError("no_secret", "there is no secret of this name", "`muster secret set NAME`"),
        ScriptError("export_failed", "the image could not be exported", "look at the reason it gives"),
        ScriptError("export_died", "a living claim's export ended by itself", "nothing: `export.died` starts its recovery"),
        ScriptError("image_missing", "the image's file is not there", "correct `path`, or put it there"),
        ScriptError("image_in_use", "the image is still open in another process", "find out which, and end it"),
    ]

    private static let outsideErrors: [ScriptError] = [
        ScriptError(
            "not_allowed", "the file does not declare it, or the operator's settings do not allow it", "do what the hint says"),
        ScriptError("http_failed", "an address could not be asked", "try it with curl from the engine's host"),
        ScriptError("metric_failed", "a metric could not be read from the page of an address", "look at the page with curl"),
        ScriptError("exec_failed", "a program could not be started, or its machine not reached", "look at the reason it gives"),
        ScriptError("notify_failed", "a message was not taken (from `muster.notify`)", "look at the reason it gives"),
        ScriptError("too_large", "an answer has more bytes than allowed", "ask for less, or raise `most`"),
    ]
}
