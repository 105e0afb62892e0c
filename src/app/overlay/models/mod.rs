//! The models and agents to choose from.
//!
//! In reading order: `rows` are the models in their order, favourites first; `choose` performs a
//! choice, `view` draws the models. Agents are one of the conversation's lists.

mod choose;
mod rows;
mod view;
