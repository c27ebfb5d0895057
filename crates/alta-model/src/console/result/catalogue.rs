use serde_json::Value;

model! {
    /// The command that ran, or rather which of its overloads: the `Command` of an answer. Captured; absent from errors and on
    /// some servers.
    #[doc(alias = "Command")]
    pub struct CommandInfo {
        /// What it takes.
        list parameters: CommandParameter = "Parameters",
        /// Whether it reports progress.
        optional is_progressive: bool = "IsProgressive",
        /// The .NET type it returns; `System.Void` for nothing; empty when the server sent none.
        default return_type: String = "ReturnType",
        /// Which overload is tried first.
        optional priority: i64 = "Priority",
        /// Its other names.
        list aliases: String = "Aliases",
        /// Module and command: `player.kill`, `select move.exact`; a module's own command ends in the dot; empty when the server sent none.
        default full_name: String = "FullName",
        /// What must hold for it to run.
        list requirements: CommandRequirement = "Requirements",
        /// More, of any shape.
        list attributes: Value = "Attributes",
        /// Its name; none for a module's own command.
        optional name: String = "Name",
        /// What it does, for people; empty when the server sent none.
        default description: String = "Description",
    }
}

model! {
    /// A parameter of the command that ran.
    pub struct CommandParameter {
        /// A short name (`PlayerList`) or a .NET type (`System.String`); empty when the server sent none.
        default r#type: String = "Type",
        /// Whether it may be left out.
        optional has_default: bool = "HasDefault",
        /// What it is when left out.
        optional default: Value = "Default",
        /// More, of any shape.
        list attributes: Value = "Attributes",
        /// Its name; empty when the server sent none.
        default name: String = "Name",
        /// Its name with the modules'; empty when the server sent none.
        default full_name: String = "FullName",
    }
}

model! {
    /// What must hold for a command to run.
    pub struct CommandRequirement {
        /// A .NET type, `Alta.Console.ServerOnlyAttribute`; empty when the server sent none.
        default type_id: String = "TypeId",
    }
}

model! {
    /// A module of commands, of `help modules`.
    pub struct Module {
        /// Its name; empty when the server sent none.
        default name: String = "Name",
        /// What it is for, for people.
        optional description: String = "Description",
        /// The modules in it.
        list submodules: Module = "Submodules",
        /// The commands in it.
        list commands: ModuleCommand = "Commands",
    }
}

model! {
    /// A command as its module lists it.
    pub struct ModuleCommand {
        /// Its name; none for the module's own command.
        optional name: String = "Name",
        /// What it does, for people.
        optional description: String = "Description",
        /// What it takes.
        list parameters: ModuleParameter = "Parameters",
        /// Its other names, where the server lists them.
        list aliases: String = "Aliases",
    }
}

model! {
    /// A parameter as its command lists it.
    pub struct ModuleParameter {
        /// Its name; empty when the server sent none.
        default name: String = "Name",
        /// A short name (`PlayerList`) or a .NET type (`System.String`); empty when the server sent none.
        default r#type: String = "Type",
        /// Whether it may be left out, where the server says so.
        optional has_default: bool = "HasDefault",
        /// What it is when left out.
        optional default: Value = "Default",
    }
}
