//! The list of sessions in the terminal, and what is done from it to sandboxes.

use pretty_assertions::assert_eq;

use crate::support::home::Home;

#[test]
fn a_sandbox_whose_boot_failed_is_killed_from_the_list() {
    let home = Home::with_sandboxes();
    let arguments = ["--demo", "--repo", "/there/is/none"];
    let mut screen = home.terminal(&arguments).size(120, 36).start();
    screen.wait_for("the repository could not be cloned");
    assert_eq!(home.sandboxes().len(), 1);

    screen.send("\x18lD");
    screen.wait_for("Kill the sandbox of none?");
    screen.send("y");

    screen.wait_for("gone");
    assert_eq!(home.sandboxes(), [""; 0]);
}
