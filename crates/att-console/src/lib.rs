//! Game-server consoles of A Township Tale: commands out, events in, cloud or self-hosted.
