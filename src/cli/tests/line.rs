//! The command line as a person meets it.

use crate::cli::Cli;
use clap::{Command, CommandFactory, Parser};

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_option_has_an_environment_variable() {
    fn walk(command: &Command, path: &str) {
        for arg in command.get_arguments().filter(|arg| arg.get_long().is_some_and(|long| long != "help" && long != "version")) {
            let name = arg.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(name.starts_with("BEAMLINE_") || name == "DATABASE_URL", "{path} --{}", arg.get_id());
        }
        command.get_subcommands().for_each(|sub| walk(sub, &format!("{path} {}", sub.get_name())));
    }
    walk(&Cli::command(), "beamline");
}

#[test]
fn an_unknown_role_says_which_there_are() {
    let error = Cli::try_parse_from(["beamline", "key", "create", "--role", "boss", "--name", "x"]).unwrap_err().to_string();
    assert!(error.contains("viewer"), "{error}");
}

#[test]
fn global_options_stand_before_and_after_the_command() {
    for line in [["beamline", "--log", "warn", "migrate"], ["beamline", "migrate", "--log", "warn"]] {
        assert_eq!(Cli::try_parse_from(line).unwrap().config.log, "warn");
    }
}
