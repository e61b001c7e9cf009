-- A keyboard below a Telegram chat stays until a message takes it away. Whichever process answers next must know that there is one.
-- `view_ref` is the message that asks, `keyboard_ref` the one that brought the keyboard. A private chat's address is its person's.
create table telegram_keyboards (
  chat text primary key,
  view_ref text not null,
  keyboard_ref text not null,
  shown_at timestamptz not null default now()
);
