use serde_json::Value;

model! {
    /// The overload of the command that ran: the `Command` of a reply. Captured; absent from errors and on some servers.
    #[doc(alias = "Command")]
    pub struct CommandInfo {
        /// Its parameters.
        list parameters: CommandParameter = "Parameters",
        /// True if it reports progress.
        optional is_progressive: bool = "IsProgressive",
        /// The .NET type of its result; `System.Void` for none; empty when the server sent none.
        default return_type: String = "ReturnType",
        /// The order in which overloads are tried.
        optional priority: i64 = "Priority",
        /// Its other names.
        list aliases: String = "Aliases",
        /// Module and command: `player.kill`, `select move.exact`; a module's own command ends in the dot; empty when the server
        /// sent none.
        default full_name: String = "FullName",
        /// Its preconditions.
        list requirements: CommandRequirement = "Requirements",
        /// Further data of any shape.
        list attributes: Value = "Attributes",
        /// Its name; none for a module's own command.
        optional name: String = "Name",
        /// The description for people; empty when the server sent none.
        default description: String = "Description",
    }
}

model! {
    /// A parameter of the command that ran.
    pub struct CommandParameter {
        /// A short name (`PlayerList`) or a .NET type (`System.String`); empty when the server sent none.
        default r#type: String = "Type",
        /// True if it is optional.
        optional has_default: bool = "HasDefault",
        /// Its default value.
        optional default: Value = "Default",
        /// Further data of any shape.
        list attributes: Value = "Attributes",
        /// Its name; empty when the server sent none.
        default name: String = "Name",
        /// Its name with its modules; empty when the server sent none.
        default full_name: String = "FullName",
    }
}

model! {
    /// A precondition of a command.
    pub struct CommandRequirement {
        /// A .NET type, `Alta.Console.ServerOnlyAttribute`; empty when the server sent none.
        default type_id: String = "TypeId",
    }
}

model! {
    /// A module of commands, from `help modules`.
    pub struct Module {
        /// Its name; empty when the server sent none.
        default name: String = "Name",
        /// The description for people.
        optional description: String = "Description",
        /// Its submodules.
        list submodules: Module = "Submodules",
        /// Its commands.
        list commands: ModuleCommand = "Commands",
    }
}

model! {
    /// A command in the list of its module.
    pub struct ModuleCommand {
        /// Its name; none for the module's own command.
        optional name: String = "Name",
        /// The description for people.
        optional description: String = "Description",
        /// Its parameters.
        list parameters: ModuleParameter = "Parameters",
        /// Its other names, if the server lists them.
        list aliases: String = "Aliases",
    }
}

model! {
    /// A parameter in the list of its command.
    pub struct ModuleParameter {
        /// Its name; empty when the server sent none.
        default name: String = "Name",
        /// A short name (`PlayerList`) or a .NET type (`System.String`); empty when the server sent none.
        default r#type: String = "Type",
        /// True if it is optional; none if the server did not send it.
        optional has_default: bool = "HasDefault",
        /// Its default value.
        optional default: Value = "Default",
    }
}
