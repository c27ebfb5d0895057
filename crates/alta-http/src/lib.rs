//! A swappable HTTP layer: the seam, the default policies, and a hyper + rustls transport.
