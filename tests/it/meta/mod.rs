//! The source code itself: borders, names, and that every test file is compiled.

mod architecture;
mod module_list;
