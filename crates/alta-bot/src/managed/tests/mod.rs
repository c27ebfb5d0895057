mod by_hand;
mod by_property;
mod console_permission;
